//! `shape!` and `words!`: a struct or enum as it stands in a file, its reader and its schema from one text.

/// Declares a map with known keys. Every field is `required T`, `optional T` or `default(VALUE) T`; `as "key"` gives the
/// key where it is not the name of the field. The struct also gets `span`, where the map stands.
macro_rules! shape {
    ($(#[doc = $about:literal])* pub struct $name:ident { $($body:tt)* }) => {
        $crate::base::shape::shape!(@field [$($about)*] $name [] $($body)*);
    };
    (@field $head:tt $name:ident [$($done:tt)*]
        $(#[doc = $about:literal])* $field:ident: required $kind:ty as $key:literal, $($rest:tt)*) => {
        $crate::base::shape::shape!(@field $head $name [$($done)* { [$($about)*] $field $key required [$kind] [$kind] [] }] $($rest)*);
    };
    (@field $head:tt $name:ident [$($done:tt)*]
        $(#[doc = $about:literal])* $field:ident: required $kind:ty, $($rest:tt)*) => {
        $crate::base::shape::shape!(@field $head $name
            [$($done)* { [$($about)*] $field (stringify!($field)) required [$kind] [$kind] [] }] $($rest)*);
    };
    (@field $head:tt $name:ident [$($done:tt)*]
        $(#[doc = $about:literal])* $field:ident: optional $kind:ty as $key:literal, $($rest:tt)*) => {
        $crate::base::shape::shape!(@field $head $name
            [$($done)* { [$($about)*] $field $key optional [Option<$kind>] [$kind] [] }] $($rest)*);
    };
    (@field $head:tt $name:ident [$($done:tt)*]
        $(#[doc = $about:literal])* $field:ident: optional $kind:ty, $($rest:tt)*) => {
        $crate::base::shape::shape!(@field $head $name
            [$($done)* { [$($about)*] $field (stringify!($field)) optional [Option<$kind>] [$kind] [] }] $($rest)*);
    };
    (@field $head:tt $name:ident [$($done:tt)*]
        $(#[doc = $about:literal])* $field:ident: default($value:expr) $kind:ty as $key:literal, $($rest:tt)*) => {
        $crate::base::shape::shape!(@field $head $name
            [$($done)* { [$($about)*] $field $key default [$kind] [$kind] [$value] }] $($rest)*);
    };
    (@field $head:tt $name:ident [$($done:tt)*]
        $(#[doc = $about:literal])* $field:ident: default($value:expr) $kind:ty, $($rest:tt)*) => {
        $crate::base::shape::shape!(@field $head $name
            [$($done)* { [$($about)*] $field (stringify!($field)) default [$kind] [$kind] [$value] }] $($rest)*);
    };
    (@field [$($head:literal)*] $name:ident
        [$({ [$($about:literal)*] $field:ident $key:tt $mode:ident [$stored:ty] [$kind:ty] [$($value:expr)?] })*]) => {
        $(#[doc = $head])*
        #[derive(Clone, Debug)]
        pub struct $name {
            /// Where the map stands.
            pub span: $crate::base::span::Span,
            $($(#[doc = $about])* pub $field: $stored,)*
        }

        impl $name {
            /// Its keys, in the order in which they are documented.
            pub const KEYS: &'static [&'static str] = &[$($key),*];
        }

        impl $crate::base::shape::Shape for $name {
            fn read(node: &$crate::base::yaml::Node, reader: &mut $crate::base::shape::Reader) -> Option<Self> {
                let fields = $crate::base::shape::Fields::new(node, Self::KEYS, reader)?;
                // Every field is read before any is missed, so that all problems are found.
                $(let $field = $crate::base::shape::shape!(@read fields reader $mode $key [$kind] [$($value)?]);)*
                Some(Self { span: node.span, $($field: $crate::base::shape::shape!(@take $mode $field),)* })
            }

            fn schema(schemas: &mut $crate::base::shape::Schemas) -> serde_json::Value {
                schemas.define(stringify!($name), |schemas| {
                    let mut properties = serde_json::Map::new();
                    let required: Vec<&str> =
                        [$($crate::base::shape::shape!(@require $mode $key)),*].into_iter().flatten().collect();
                    $(
                        let about = concat!($($about),*).trim();
                        let kind = <$kind as $crate::base::shape::Shape>::schema(schemas);
                        properties.insert(($key).to_owned(), $crate::base::shape::described(kind, about));
                    )*
                    serde_json::json!({
                        "description": concat!($($head),*).trim(),
                        "type": "object",
                        "additionalProperties": false,
                        "required": required,
                        "properties": properties,
                    })
                })
            }
        }
    };
    (@read $fields:ident $reader:ident required $key:tt [$kind:ty] []) => { $fields.required::<$kind>($key, $reader) };
    (@read $fields:ident $reader:ident optional $key:tt [$kind:ty] []) => { $fields.optional::<$kind>($key, $reader) };
    (@read $fields:ident $reader:ident default $key:tt [$kind:ty] [$value:expr]) => {
        $fields.optional::<$kind>($key, $reader).unwrap_or($value)
    };
    (@take required $field:ident) => { $field? };
    (@take optional $field:ident) => { $field };
    (@take default $field:ident) => { $field };
    (@require required $key:tt) => { Some($key) };
    (@require optional $key:tt) => { None::<&str> };
    (@require default $key:tt) => { None::<&str> };
}

/// Declares a choice between a few words.
macro_rules! words {
    ($(#[doc = $about:literal])* pub enum $name:ident { $($(#[doc = $each:literal])* $variant:ident = $word:literal,)+ }) => {
        $(#[doc = $about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[doc = $each])* $variant,)+ }

        impl $name {
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// As it is written.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl $crate::base::shape::Shape for $name {
            fn read(node: &$crate::base::yaml::Node, reader: &mut $crate::base::shape::Reader) -> Option<Self> {
                let word = reader.word(node, Self::WORDS)?;
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }

            fn schema(_: &mut $crate::base::shape::Schemas) -> serde_json::Value {
                serde_json::json!({ "enum": Self::WORDS })
            }
        }
    };
}

pub(crate) use {shape, words};
