//! Owns parsing the text of `$filter` and `$search`.

use serde_json::Value;

use super::{Filter, Function, Operator};
use crate::rules::Refusal;

/// How deep parentheses may be nested.
const DEPTH_MAX: usize = 40;

/// Reads a `$filter`.
pub(crate) fn parse(text: &str) -> Result<Filter, Refusal> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, position: 0, variables: Vec::new(), depth: 0 };
    let filter = parser.or()?;
    if parser.position < tokens.len() {
        return Err(invalid(&format!("Syntax error at position {} in '{text}'.", parser.position)));
    }
    Ok(filter)
}

/// Reads a `$search` such as `"displayName:ann" AND "mail:contoso"`.
pub(crate) fn parse_search(text: &str) -> Result<Filter, Refusal> {
    let mut found: Option<Filter> = None;
    let mut is_or = false;
    for (index, part) in text.split('"').enumerate() {
        if index % 2 == 0 {
            is_or = part.contains("OR");
            continue;
        }
        let Some((path, value)) = part.split_once(':') else {
            return Err(Refusal::bad_request(format!("Invalid $search clause '{text}'.")));
        };
        let (path, value) = (path.to_owned(), value.to_owned());
        let term = Filter::Text { function: Function::Word, path, value };
        found = Some(match found {
            None => term,
            Some(left) if is_or => Filter::Or(Box::new(left), Box::new(term)),
            Some(left) => Filter::And(Box::new(left), Box::new(term)),
        });
    }
    found.ok_or_else(|| Refusal::bad_request(format!("Invalid $search clause '{text}'.")))
}

fn invalid(what: &str) -> Refusal {
    Refusal::new(400, "BadRequest", format!("Invalid filter clause: {what}"))
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Open,
    Close,
    Comma,
    Colon,
}

fn tokens(text: &str) -> Result<Vec<Token>, Refusal> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(sign) = rest.chars().next() {
        let width = sign.len_utf8();
        match sign {
            ' ' => rest = &rest[width..],
            '(' | ')' | ',' | ':' => {
                tokens.push(match sign {
                    '(' => Token::Open,
                    ')' => Token::Close,
                    ',' => Token::Comma,
                    _ => Token::Colon,
                });
                rest = &rest[width..];
            }
            '\'' => {
                let (value, behind) = quoted(rest).ok_or_else(|| invalid("a text is not closed."))?;
                tokens.push(Token::Text(value));
                rest = behind;
            }
            _ => {
                let end = rest.find([' ', '(', ')', ',', '\'']).unwrap_or(rest.len());
                // A colon ends the variable of a lambda, but belongs to a moment such as 10:15:00Z.
                let is_moment = rest.starts_with(|first: char| first.is_ascii_digit());
                let end = if is_moment { end } else { rest[..end].find(':').unwrap_or(end) };
                tokens.push(Token::Word(rest[..end].to_owned()));
                rest = &rest[end..];
            }
        }
    }
    Ok(tokens)
}

/// Reads a text in quotes, where two quotes mean one.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text.strip_prefix('\'')?;
    loop {
        let end = rest.find('\'')?;
        value.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('\'') {
            Some(behind) => {
                value.push('\'');
                rest = behind;
            }
            None => return Some((value, rest)),
        }
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    position: usize,
    /// The names of lambda variables, each an element of a collection.
    variables: Vec<String>,
    depth: usize,
}

impl Parser<'_> {
    fn peek_word(&self) -> Option<&str> {
        match self.tokens.get(self.position) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn next(&mut self) -> Result<Token, Refusal> {
        let token = self.tokens.get(self.position).cloned().ok_or_else(|| invalid("it ends too early."))?;
        self.position += 1;
        Ok(token)
    }

    fn expect(&mut self, token: &Token) -> Result<(), Refusal> {
        if self.next()? == *token { Ok(()) } else { Err(invalid(&format!("expected {token:?}."))) }
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.peek_word().is_some_and(|found| found.eq_ignore_ascii_case(word));
        self.position += usize::from(found);
        found
    }

    fn or(&mut self) -> Result<Filter, Refusal> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(invalid("it is nested too deeply."));
        }
        let mut left = self.and()?;
        while self.take_word("or") {
            left = Filter::Or(Box::new(left), Box::new(self.and()?));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn and(&mut self) -> Result<Filter, Refusal> {
        let mut left = self.not()?;
        while self.take_word("and") {
            left = Filter::And(Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Filter, Refusal> {
        if self.take_word("not") {
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                return Err(invalid("it is nested too deeply."));
            }
            let inner = self.not()?;
            self.depth -= 1;
            return Ok(Filter::Not(Box::new(inner)));
        }
        if self.tokens.get(self.position) == Some(&Token::Open) {
            self.position += 1;
            let inner = self.or()?;
            self.expect(&Token::Close)?;
            return Ok(inner);
        }
        self.primary()
    }

    fn primary(&mut self) -> Result<Filter, Refusal> {
        let Token::Word(word) = self.next()? else { return Err(invalid("expected a property.")) };
        let is_call = self.tokens.get(self.position) == Some(&Token::Open);
        if is_call {
            self.position += 1;
            return self.call(&word);
        }
        if let Some(path) = word.strip_suffix("/$count") {
            let path = self.path(path);
            let operator = self.operator()?;
            return Ok(Filter::Count { path, operator, value: self.literal()? });
        }
        let path = self.path(&word);
        if self.take_word("in") {
            self.expect(&Token::Open)?;
            return Ok(Filter::In { path, values: self.list()? });
        }
        let operator = self.operator()?;
        Ok(Filter::Compare { path, operator, value: self.literal()? })
    }

    fn call(&mut self, name: &str) -> Result<Filter, Refusal> {
        let function = match name.to_ascii_lowercase().as_str() {
            "startswith" => Function::StartsWith,
            "endswith" => Function::EndsWith,
            "contains" => Function::Contains,
            "isof" => {
                let Token::Text(name) = self.next()? else { return Err(invalid("expected a type.")) };
                self.expect(&Token::Close)?;
                return Ok(Filter::IsOf(name));
            }
            _ => return self.lambda(name),
        };
        let Token::Word(path) = self.next()? else { return Err(invalid("expected a property.")) };
        self.expect(&Token::Comma)?;
        let Token::Text(value) = self.next()? else { return Err(invalid("expected a text.")) };
        self.expect(&Token::Close)?;
        Ok(Filter::Text { function, path: self.path(&path), value })
    }

    fn lambda(&mut self, name: &str) -> Result<Filter, Refusal> {
        let Some((path, quantifier)) = name.rsplit_once('/') else {
            return Err(invalid(&format!("unknown function '{name}'.")));
        };
        let path = self.path(path);
        if self.tokens.get(self.position) == Some(&Token::Close) {
            self.position += 1;
            return Ok(Filter::Any { path, condition: None });
        }
        let Token::Word(variable) = self.next()? else { return Err(invalid("expected a variable.")) };
        self.expect(&Token::Colon)?;
        self.variables.push(variable);
        let condition = Box::new(self.or()?);
        self.variables.pop();
        self.expect(&Token::Close)?;
        match quantifier {
            "any" => Ok(Filter::Any { path, condition: Some(condition) }),
            "all" => Ok(Filter::All { path, condition }),
            _ => Err(invalid(&format!("unknown function '{quantifier}'."))),
        }
    }

    /// Takes the variable of a lambda off a path.
    fn path(&self, word: &str) -> String {
        for variable in &self.variables {
            if word == variable {
                return String::new();
            }
            if let Some(rest) = word.strip_prefix(variable.as_str()).and_then(|rest| rest.strip_prefix('/')) {
                return rest.to_owned();
            }
        }
        word.to_owned()
    }

    fn operator(&mut self) -> Result<Operator, Refusal> {
        let Token::Word(word) = self.next()? else { return Err(invalid("expected an operator.")) };
        Ok(match word.to_ascii_lowercase().as_str() {
            "eq" => Operator::Equal,
            "ne" => Operator::NotEqual,
            "lt" => Operator::Less,
            "le" => Operator::LessOrEqual,
            "gt" => Operator::Greater,
            "ge" => Operator::GreaterOrEqual,
            _ => return Err(invalid(&format!("unknown operator '{word}'."))),
        })
    }

    fn list(&mut self) -> Result<Vec<Value>, Refusal> {
        let mut values = vec![self.literal()?];
        loop {
            match self.next()? {
                Token::Comma => values.push(self.literal()?),
                Token::Close => return Ok(values),
                _ => return Err(invalid("expected a comma.")),
            }
        }
    }

    fn literal(&mut self) -> Result<Value, Refusal> {
        Ok(match self.next()? {
            Token::Text(text) => Value::String(text),
            Token::Word(word) => match word.as_str() {
                "null" => Value::Null,
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                // Numbers stay numbers; GUIDs and moments are texts without quotes.
                _ => match serde_json::from_str::<Value>(&word) {
                    Ok(number @ Value::Number(_)) => number,
                    _ => Value::String(word),
                },
            },
            _ => return Err(invalid("expected a value.")),
        })
    }
}
