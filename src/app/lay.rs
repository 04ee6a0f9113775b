//! Views, memos and effects without their types.
//!
//! Leptos compiles the way from a signal to the document anew for every type that a closure returns: a list
//! of `<li>`, a list of `<td>`, an optional `<p>`, each at two to three kilobytes of download. Behind these few
//! functions all of them are an [`AnyView`], and the way is compiled once.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use leptos::prelude::*;

/// Views one below the other.
pub trait Rows {
    fn rows(self) -> AnyView;
}

impl<I: Iterator<Item: IntoView + 'static>> Rows for I {
    fn rows(self) -> AnyView {
        self.map(|v| v.into_view().into_any()).collect::<Vec<AnyView>>().into_any()
    }
}

/// A view, or nothing.
pub trait Perhaps {
    fn perhaps(self) -> AnyView;
}

impl<V: IntoView + 'static> Perhaps for Option<V> {
    fn perhaps(self) -> AnyView {
        self.map_or_else(|| ().into_any(), |v| v.into_view().into_any())
    }
}

type Draw = Box<dyn Fn() -> AnyView + Send>;

/// One view while something holds, another while it does not; each is made anew when it comes.
pub fn either(
    holds: impl Fn() -> bool + Send + Sync + 'static,
    yes: impl Fn() -> AnyView + Send + 'static,
    no: impl Fn() -> AnyView + Send + 'static,
) -> AnyView {
    fn erased(holds: Kept<bool>, yes: Draw, no: Draw) -> AnyView {
        (move || if holds.get() { yes() } else { no() }).into_any()
    }
    erased(Kept::new(holds), Box::new(yes), Box::new(no))
}

/// A view that is there while something holds.
pub fn when(
    holds: impl Fn() -> bool + Send + Sync + 'static,
    view: impl Fn() -> AnyView + Send + 'static,
) -> AnyView {
    either(holds, view, || ().into_any())
}

/// A view for a number, with elements of its own for each: drawings keep what they know of theirs, and listeners stay
/// behind on an element that the next view takes over.
pub fn anew(
    number: impl Fn() -> usize + Send + Sync + 'static,
    view: impl Fn(usize) -> AnyView + Send + Sync + 'static,
) -> AnyView {
    type See = Arc<dyn Fn(usize) -> AnyView + Send + Sync>;
    fn erased(number: Kept<usize>, see: See) -> AnyView {
        view! { <For each=move || [number.get()] key=|n| *n children=move |n| see(n)/> }.into_any()
    }
    erased(Kept::new(number), Arc::new(view))
}

/// Run it now, and again whenever a signal that it read has changed.
pub fn effect(run: impl FnMut() + 'static) {
    fn erased(mut run: Box<dyn FnMut()>) {
        Effect::new(move |_| run());
    }
    erased(Box::new(run));
}

/// A value worked out from signals; whoever reads it hears of it only when it has become another. A [`Memo`],
/// of which there is but one kind.
pub struct Kept<T>(Memo<Held>, PhantomData<fn() -> T>);

#[derive(Clone)]
struct Held {
    value: Arc<dyn Any + Send + Sync>,
    same: fn(&dyn Any, &dyn Any) -> bool,
}

impl PartialEq for Held {
    fn eq(&self, other: &Held) -> bool {
        (self.same)(&*self.value, &*other.value)
    }
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Kept<T> {}

impl<T: Clone + PartialEq + Send + Sync + 'static> Kept<T> {
    pub fn new(work: impl Fn() -> T + Send + Sync + 'static) -> Kept<T> {
        fn erased(work: Box<dyn Fn() -> Held + Send + Sync>) -> Memo<Held> {
            Memo::new(move |_| work())
        }
        let held = move || Held { value: Arc::new(work()), same: same::<T> };
        Kept(erased(Box::new(held)), PhantomData)
    }
    pub fn get(self) -> T {
        self.with(T::clone)
    }
    pub fn with<U>(self, see: impl FnOnce(&T) -> U) -> U {
        see(as_of(&*self.0.get().value))
    }
    pub fn get_untracked(self) -> T {
        as_of::<T>(&*self.0.get_untracked().value).clone()
    }
}

fn as_of<T: 'static>(value: &dyn Any) -> &T {
    value.downcast_ref().expect("a kept value is of its kind")
}

fn same<T: PartialEq + 'static>(a: &dyn Any, b: &dyn Any) -> bool {
    as_of::<T>(a) == as_of::<T>(b)
}
