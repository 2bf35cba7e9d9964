//! Which database: `sqlite:PATH` or `postgres://…`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where the database is.
///
/// `Debug` and `Display` leave out what a PostgreSQL URL says besides host and database: it may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database, `postgres://user:password@host:port/database?options`.
    Postgres(String),
}

impl DatabaseUrl {
    /// Reads `sqlite:PATH`, `sqlite://PATH`, `postgres://…` or `postgresql://…`.
    ///
    /// A path stands as it is: without percent escapes and without `?` options.
    ///
    /// # Errors
    /// [`UrlError`].
    pub fn parse(url: &str) -> Result<Self, UrlError> {
        if let Some(rest) = url.strip_prefix("sqlite:") {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            return match path {
                "" => Err(UrlError::NoPath),
                _ if path.contains(":memory:") => Err(UrlError::Memory),
                _ if path.contains('?') => Err(UrlError::Options),
                _ => Ok(Self::sqlite(path)),
            };
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(url.to_owned()));
        }
        Err(UrlError::Scheme)
    }

    /// The SQLite file at `path`.
    #[must_use]
    pub fn sqlite(path: impl AsRef<Path>) -> Self {
        Self::Sqlite(path.as_ref().to_owned())
    }
}

impl FromStr for DatabaseUrl {
    type Err = UrlError;
    fn from_str(url: &str) -> Result<Self, UrlError> {
        Self::parse(url)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => {
                write!(f, "postgres://{}", place(url).unwrap_or("..."))
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Host, port and database of a PostgreSQL URL; `None` where something else may be among them: a password that holds
/// one of `/`, `?`, `#` unescaped, or that stands where the port should be.
fn place(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, behind) = rest.split_at(end);
    if behind.contains('@') {
        return None;
    }
    let host_at = authority.rfind('@').map_or(0, |at| at + 1);
    let host = authority.get(host_at..)?;
    let port = host.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.ends_with(']'));
    if port.is_some_and(|port| !port.is_empty() && port.parse::<u16>().is_err()) {
        return None;
    }
    rest.get(host_at..)?.split(['?', '#']).next()
}

/// Why a database URL is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Neither SQLite nor PostgreSQL.
    #[error("a database URL begins with sqlite: or postgres://")]
    Scheme,
    /// No file is named.
    #[error("sqlite: is followed by the path of a file, as in sqlite:countersign-data/countersign.db")]
    NoPath,
    /// SQLite in memory, of which every connection would have its own.
    #[error("a database in memory cannot be shared by connections; give the path of a file")]
    Memory,
    /// SQLite options, which are ours to set.
    #[error("sqlite: takes a path and no options after '?'")]
    Options,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_kinds() {
        assert_eq!(DatabaseUrl::parse("sqlite:a/b.db"), Ok(DatabaseUrl::sqlite("a/b.db")));
        assert_eq!(DatabaseUrl::parse("sqlite:///var/b.db"), Ok(DatabaseUrl::sqlite("/var/b.db")));
        let url = "postgresql://localhost/countersign";
        assert_eq!(DatabaseUrl::parse(url), Ok(DatabaseUrl::Postgres(url.to_owned())));
        for (bad, why) in [
            ("mysql://h/d", UrlError::Scheme),
            ("", UrlError::Scheme),
            ("sqlite:", UrlError::NoPath),
            ("sqlite://", UrlError::NoPath),
            ("sqlite::memory:", UrlError::Memory),
            ("sqlite:a.db?mode=ro", UrlError::Options),
        ] {
            assert_eq!(DatabaseUrl::parse(bad), Err(why), "{bad}");
        }
    }

    /// A password in a URL is a secret: neither logs nor error texts show it.
    #[test]
    fn shows_no_password() {
        for (url, shown) in [
            ("postgres://me:hunter2@db:5432/x", "postgres://db:5432/x"),
            ("postgres://db:5432/x?password=hunter2", "postgres://db:5432/x"),
            ("postgres://me:hunt@hunter2@db:5432/x?user=me", "postgres://db:5432/x"),
            ("postgres://me:hunter2@[::1]/x", "postgres://[::1]/x"),
            ("postgres://me:hunter2@/x?host=/run", "postgres:///x"),
            // What comes before such a sign may be the password as well as the port.
            ("postgres://me:hunter2?x@db/x", "postgres://..."),
            ("postgres://me:1234?x@db/x", "postgres://..."),
            ("postgres://me:1234/x@db/x", "postgres://..."),
            ("postgres://me:1234#x@db/x", "postgres://..."),
            ("postgres://db:5432/x?user=me@hunter2", "postgres://..."),
            ("postgres://me:hunter2", "postgres://..."),
        ] {
            let url = DatabaseUrl::parse(url).unwrap();
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), shown);
        }
    }
}
