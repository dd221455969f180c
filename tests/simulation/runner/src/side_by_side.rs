//! Several futures of one kind at once, polled in their order: no threads, no waker of their own.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// A boxed future.
pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Waits for all, at most `at_once` of them begun and not ended; the first error ends the rest where they
/// stand. 0 is without a limit, as in a Map.
pub(crate) async fn side_by_side<T, E>(
    futures: Vec<Boxed<'_, Result<T, E>>>,
    at_once: usize,
) -> Result<Vec<T>, E> {
    let at_once = if at_once == 0 { usize::MAX } else { at_once };
    let mut running: Vec<Option<Boxed<'_, Result<T, E>>>> = futures.into_iter().map(Some).collect();
    let mut done: Vec<Option<T>> = running.iter().map(|_| None).collect();
    poll_fn(move |context| {
        let mut begun = 0;
        for (future, result) in running.iter_mut().zip(&mut done) {
            let Some(one) = future else { continue };
            if begun == at_once {
                return Poll::Pending;
            }
            match one.as_mut().poll(context) {
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(value)) => (*future, *result) = (None, Some(value)),
                Poll::Pending => begun += 1,
            }
        }
        if begun > 0 {
            return Poll::Pending;
        }
        Poll::Ready(Ok(done.iter_mut().filter_map(Option::take).collect()))
    })
    .await
}
