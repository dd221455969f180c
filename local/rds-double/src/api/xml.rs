//! Decides how values become XML elements. Never decides which elements there are.

use std::io::Cursor;

use chrono::{DateTime, SecondsFormat, Utc};
use quick_xml::Writer;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};

/// The namespace of the API's answers.
pub(super) const NAMESPACE: &str = "http://rds.amazonaws.com/doc/2014-10-31/";

/// An XML document under way.
pub(super) struct Xml(Writer<Cursor<Vec<u8>>>);

impl Xml {
    pub(super) fn document(root: &str, body: impl FnOnce(&mut Self)) -> Vec<u8> {
        let mut xml = Self(Writer::new(Cursor::new(Vec::new())));
        xml.put(Event::Start(BytesStart::new(root).with_attributes([("xmlns", NAMESPACE)])));
        body(&mut xml);
        xml.put(Event::End(BytesEnd::new(root)));
        xml.0.into_inner().into_inner()
    }

    pub(super) fn element(&mut self, name: &str, body: impl FnOnce(&mut Self)) {
        self.put(Event::Start(BytesStart::new(name)));
        body(self);
        self.put(Event::End(BytesEnd::new(name)));
    }

    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.element(name, |xml| xml.put(Event::Text(BytesText::new(value))));
    }

    pub(super) fn some(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    pub(super) fn flag(&mut self, name: &str, value: bool) {
        self.text(name, if value { "true" } else { "false" });
    }

    pub(super) fn number(&mut self, name: &str, value: impl Into<i64>) {
        self.text(name, &value.into().to_string());
    }

    pub(super) fn time(&mut self, name: &str, value: Option<DateTime<Utc>>) {
        if let Some(value) = value {
            self.text(name, &value.to_rfc3339_opts(SecondsFormat::Millis, true));
        }
    }

    pub(super) fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) {
        self.element(name, |xml| {
            for item in items {
                each(xml, item);
            }
        });
    }

    fn put(&mut self, event: Event<'_>) {
        self.0.write_event(event).expect("writing to memory does not fail");
    }
}
