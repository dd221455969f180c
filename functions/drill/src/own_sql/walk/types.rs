//! Types that a value may be cast to.

use sqlparser::ast::{ArrayElemTypeDef, DataType, TimezoneInfo};

use super::{Part, Walk, at, construct, folded, parts_of, printed};
use crate::own_sql::allowed;
use crate::own_sql::calls::type_not_allowed;
use crate::own_sql::refusal::Refusal;

impl<'a> Walk<'a> {
    pub(super) fn data_type(&mut self, data_type: &'a DataType) -> Result<(), Refusal> {
        match data_type {
            DataType::Character(_)
            | DataType::Char(_)
            | DataType::CharacterVarying(_)
            | DataType::CharVarying(_)
            | DataType::Varchar(_)
            | DataType::Uuid
            | DataType::Numeric(_)
            | DataType::Decimal(_)
            | DataType::Dec(_)
            | DataType::Float(_)
            | DataType::Int2(None)
            | DataType::SmallInt(None)
            | DataType::Int(None)
            | DataType::Int4(None)
            | DataType::Int8(None)
            | DataType::Integer(None)
            | DataType::BigInt(None)
            | DataType::Float4
            | DataType::Real
            | DataType::Float8
            | DataType::DoublePrecision
            | DataType::Bool
            | DataType::Boolean
            | DataType::Date
            | DataType::Time(
                _,
                TimezoneInfo::None
                | TimezoneInfo::WithTimeZone
                | TimezoneInfo::WithoutTimeZone
                | TimezoneInfo::Tz,
            )
            | DataType::Timestamp(
                _,
                TimezoneInfo::None
                | TimezoneInfo::WithTimeZone
                | TimezoneInfo::WithoutTimeZone
                | TimezoneInfo::Tz,
            )
            | DataType::Interval { fields: _, precision: _ }
            | DataType::JSON
            | DataType::JSONB
            | DataType::Text
            | DataType::Bytea
            | DataType::Bit(_)
            | DataType::BitVarying(_)
            | DataType::VarBit(_)
            | DataType::GeometricType(_)
            | DataType::TsVector
            | DataType::TsQuery => Ok(()),
            DataType::Array(ArrayElemTypeDef::SquareBracket(element, _)) => {
                self.todo.push(Part::Type(element));
                Ok(())
            }
            DataType::Custom(name, modifiers) => {
                let parts = parts_of(name)?;
                let listed = match parts.as_slice() {
                    [one] => allowed::TYPES.contains(&folded(one).as_str()),
                    [schema, one] => {
                        folded(schema) == "pg_catalog" && allowed::TYPES.contains(&folded(one).as_str())
                    }
                    _ => false,
                };
                match parts.last() {
                    Some(_) if listed && modifiers.is_empty() => Ok(()),
                    Some(last) => Err(at(last, type_not_allowed(&printed(&parts)))),
                    None => Err(construct("a type without a name")),
                }
            }
            DataType::Regclass => Err(type_not_allowed("regclass")),
            _ => Err(construct("a type that isn't one of PostgreSQL's own, or a very unusual one")),
        }
    }
}
