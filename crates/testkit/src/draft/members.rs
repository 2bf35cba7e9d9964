//! The members of a JSON object that may be none.

/// Names with their values as raw text, in the order in which they are written; a name may stand twice.
#[derive(Clone, Default)]
pub(crate) struct Members(Vec<(String, String)>);

impl Members {
    /// Sets a member where it stands, or at the end.
    pub(crate) fn set(&mut self, name: &str, json: &str) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, value)) => json.clone_into(value),
            None => self.push(name, json),
        }
    }

    pub(crate) fn push(&mut self, name: &str, json: &str) {
        self.0.push((name.to_owned(), json.to_owned()));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
    }

    /// The object, without white space.
    pub(crate) fn to_json(&self) -> String {
        let members: Vec<String> = self
            .0
            .iter()
            .map(|(name, json)| format!("{}:{json}", serde_json::Value::from(name.as_str())))
            .collect();
        format!("{{{}}}", members.join(","))
    }
}
