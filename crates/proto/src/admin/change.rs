//! One member of a JSON merge patch.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a merge patch says of one member: nothing, take it away, or set it (RFC 7396 §2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// The member is absent: leave it.
    #[default]
    Keep,
    /// The member is `null`: back to its default.
    Clear,
    /// The member has a value.
    Set(T),
}

impl<T> Change<T> {
    /// Whether nothing is said; what `skip_serializing_if` asks.
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// The patch with its value read by `read`.
    ///
    /// # Errors
    /// That of `read`.
    pub fn try_map<U, E>(self, read: impl FnOnce(T) -> Result<U, E>) -> Result<Change<U>, E> {
        Ok(match self {
            Self::Keep => Change::Keep,
            Self::Clear => Change::Clear,
            Self::Set(value) => Change::Set(read(value)?),
        })
    }

    /// Applies the patch to a member that may be unset.
    pub fn apply(self, to: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *to = None,
            Self::Set(value) => *to = Some(value),
        }
    }

    /// Applies the patch to a member that always has a value; `null` sets `default`.
    pub fn apply_or(self, to: &mut T, default: T) {
        match self {
            Self::Keep => {}
            Self::Clear => *to = default,
            Self::Set(value) => *to = value,
        }
    }
}

/// Reads a member that cannot be taken away, since its default may not be what is safe: `null` is an error.
pub(super) fn set<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Change<T>, D::Error> {
    T::deserialize(deserializer).map(Change::Set)
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

impl<T: Serialize> Serialize for Change<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep | Self::Clear => serializer.serialize_none(),
            Self::Set(value) => value.serialize(serializer),
        }
    }
}
