//! The stages of a pipe.

use super::keyword::Use;
use super::operator::{CHARTS, OPERATORS, UNSUPPORTED};
use super::{Rule, RulePair, TreeBuilder, child, children};
use crate::ast::{
    Direction, Join, MvExpand, Name, Named, Nulls, Operator, Order, Parse, ParsePart, Recover, Render, Stage,
    Summarize,
};
use crate::error::{Code, Diagnostic};
use crate::value::Type;

impl TreeBuilder {
    pub(super) fn stage(&mut self, pair: &RulePair<'_>) -> Option<Stage> {
        Some(Stage { operator: self.operator(pair)?, span: self.span_of(pair) })
    }

    fn operator(&mut self, pair: &RulePair<'_>) -> Option<Operator> {
        Some(match pair.as_rule() {
            Rule::where_stage => Operator::Where(self.only_expression(pair)?),
            Rule::project => Operator::Project(self.named_list(pair)),
            Rule::project_away => Operator::ProjectAway(self.patterns(pair)),
            Rule::project_keep => Operator::ProjectKeep(self.patterns(pair)),
            Rule::project_rename => Operator::ProjectRename(self.renames(pair)),
            Rule::project_reorder => Operator::ProjectReorder(self.reorders(pair)),
            Rule::extend => Operator::Extend(self.named_list(pair)),
            Rule::summarize => Operator::Summarize(self.summarize(pair)),
            Rule::count_stage => Operator::Count,
            Rule::distinct => Operator::Distinct(self.named_list(pair)),
            Rule::sort => Operator::Sort(self.ordering(pair)),
            Rule::top => Operator::Top(Box::new(self.only_expression(pair)?), self.only_order(pair)),
            Rule::take => Operator::Take(self.only_expression(pair)?),
            Rule::join => Operator::Join(Box::new(self.join(pair)?)),
            Rule::lookup => Operator::Lookup(Box::new(self.join(pair)?)),
            Rule::union => Operator::Union(self.union(pair)),
            Rule::mv_expand => Operator::MvExpand(self.mv_expand(pair)),
            Rule::parse => Operator::Parse(Box::new(self.parse_stage(pair)?)),
            Rule::search => Operator::Search(Box::new(self.search(pair)?)),
            Rule::as_stage => Operator::As(self.checked_name(&child(pair, Rule::name)?, Use::New)),
            Rule::getschema => Operator::GetSchema,
            Rule::render => Operator::Render(self.render(pair)?),
            Rule::invoke => Operator::Invoke(self.call_expression(&child(pair, Rule::call)?)),
            Rule::recover => Operator::Recover(self.recover(pair)),
            _ => {
                self.refuse_stage(pair);
                return None;
            }
        })
    }

    fn refuse_stage(&mut self, pair: &RulePair<'_>) {
        let Some(word) = child(pair, Rule::stage_word) else { return };
        let (span, name) = (self.span_of(&word), word.as_str());
        if UNSUPPORTED.contains(&name) || name.starts_with("graph-") || name.starts_with("__") {
            self.diagnostics.push(Diagnostic::unsupported(span, name));
            return;
        }
        let message = format!("syntax error: unexpected `{name}`: there is no such operator");
        let diagnostic = Diagnostic::new(Code::Syntax, span, message);
        let operators = OPERATORS.iter().map(|operator| operator.name);
        self.diagnostics.push(diagnostic.with_names(name, "operators", operators));
    }

    fn only_expression(&mut self, pair: &RulePair<'_>) -> Option<crate::ast::Expression> {
        child(pair, Rule::expression).map(|value| self.expression(value))
    }

    fn patterns(&mut self, pair: &RulePair<'_>) -> Vec<Name> {
        children(pair, Rule::pattern).iter().map(|pattern| self.name(pattern)).collect()
    }

    fn renames(&mut self, pair: &RulePair<'_>) -> Vec<(Name, Name)> {
        let renames = children(pair, Rule::rename);
        renames
            .iter()
            .filter_map(|rename| {
                let mut names = self.names(rename).into_iter();
                Some((names.next()?, names.next()?))
            })
            .collect()
    }

    fn reorders(&mut self, pair: &RulePair<'_>) -> Vec<(Name, Option<Direction>)> {
        let reorders = children(pair, Rule::reorder);
        reorders
            .iter()
            .filter_map(|reorder| {
                let pattern = child(reorder, Rule::pattern)?;
                Some((self.name(&pattern), direction(reorder)))
            })
            .collect()
    }

    fn summarize(&mut self, pair: &RulePair<'_>) -> Summarize {
        let aggregates = child(pair, Rule::aggregates);
        let keys = child(pair, Rule::keys);
        let summarize = Summarize {
            aggregates: aggregates.map(|list| self.all_named(&list)).unwrap_or_default(),
            keys: keys.map(|list| self.all_named(&list)).unwrap_or_default(),
            span: self.span_of(pair),
        };
        if summarize.aggregates.is_empty() && summarize.keys.is_empty() {
            let message = "`summarize` requires an aggregate or a key";
            self.diagnostics.push(Diagnostic::new(Code::Syntax, summarize.span, message));
        }
        summarize
    }

    /// KQL sorts by several values, but takes the top by one.
    fn only_order(&mut self, pair: &RulePair<'_>) -> Vec<Order> {
        let orders = self.ordering(pair);
        if let Some(second) = orders.get(1) {
            let diagnostic = Diagnostic::unsupported(second.value.span, "top by several values");
            self.diagnostics.push(diagnostic.with_help("`sort by …, … | take …` gives these rows"));
        }
        orders
    }

    fn ordering(&mut self, pair: &RulePair<'_>) -> Vec<Order> {
        let Some(ordering) = child(pair, Rule::ordering) else { return Vec::new() };
        let orders = children(&ordering, Rule::order);
        orders
            .iter()
            .filter_map(|order| {
                let nulls = child(order, Rule::nulls).map(|nulls| {
                    let first = child(&nulls, Rule::first_word).is_some();
                    if first { Nulls::First } else { Nulls::Last }
                });
                let value = self.only_expression(order)?;
                Some(Order { value, direction: direction(order), nulls })
            })
            .collect()
    }

    fn join(&mut self, pair: &RulePair<'_>) -> Option<Join> {
        let options = self.options(pair);
        let right = self.operand(child(pair, Rule::operand)?)?;
        let conditions = child(pair, Rule::conditions);
        let conditions = conditions.map(|list| children(&list, Rule::expression));
        let conditions = conditions.unwrap_or_default();
        if conditions.is_empty() {
            let message = "syntax error: `join` requires `on` and a column of both tables";
            self.diagnostics.push(Diagnostic::new(Code::Syntax, self.span_of(pair), message));
        }
        let conditions = conditions.into_iter().map(|value| self.expression(value)).collect();
        Some(Join { options, right, conditions })
    }

    fn mv_expand(&mut self, pair: &RulePair<'_>) -> MvExpand {
        let items = children(pair, Rule::expansion);
        MvExpand {
            options: self.options(pair),
            items: items.iter().filter_map(|item| self.expansion(item)).collect(),
            limit: self.only_expression(pair),
        }
    }

    fn expansion(&mut self, pair: &RulePair<'_>) -> Option<(Named, Option<Type>)> {
        let named = self.named(&child(pair, Rule::named)?)?;
        let kind = child(pair, Rule::type_of).and_then(|kind| child(&kind, Rule::type_name));
        Some((named, kind.map(|kind| self.type_name(&kind))))
    }

    fn parse_stage(&mut self, pair: &RulePair<'_>) -> Option<Parse> {
        let parts = children(pair, Rule::parse_part);
        Some(Parse {
            options: self.options(pair),
            value: self.only_expression(pair)?,
            parts: parts.into_iter().filter_map(|part| self.parse_part(part)).collect(),
        })
    }

    fn parse_part(&mut self, pair: RulePair<'_>) -> Option<ParsePart> {
        let inner = pair.into_inner().next()?;
        Some(match inner.as_rule() {
            Rule::star => ParsePart::Star,
            Rule::string => ParsePart::Text(self.string(&inner), self.span_of(&inner)),
            _ => {
                let name = self.checked_name(&child(&inner, Rule::name)?, Use::New);
                let kind = child(&inner, Rule::type_name).map(|kind| self.type_name(&kind));
                ParsePart::Column(name, kind.unwrap_or(Type::String))
            }
        })
    }

    fn render(&mut self, pair: &RulePair<'_>) -> Option<Render> {
        let kind = self.name(&child(pair, Rule::render_kind)?);
        if !CHARTS.contains(&kind.text.as_str()) {
            let message = format!("`{}` is not a kind of chart", kind.text);
            let help = format!("kinds: {}", CHARTS.join(", "));
            self.diagnostics.push(Diagnostic::invalid(kind.span, message).with_help(help));
        }
        let properties = child(pair, Rule::render_properties);
        let properties = properties.map(|list| children(&list, Rule::property));
        let properties = properties.unwrap_or_default();
        let properties = properties.iter().filter_map(|property| {
            let name = self.name(&child(property, Rule::name)?);
            let values = children(property, Rule::property_value);
            Some((name, values.into_iter().map(|value| self.property_value(value)).collect()))
        });
        Some(Render { kind, properties: properties.collect() })
    }

    fn property_value(&mut self, pair: RulePair<'_>) -> String {
        let text = pair.as_str().to_owned();
        match pair.into_inner().next() {
            Some(inner) if inner.as_rule() == Rule::name => self.name(&inner).text,
            Some(inner) => child(&inner, Rule::string).map_or(text, |part| self.string(&part)),
            None => text,
        }
    }

    fn recover(&mut self, pair: &RulePair<'_>) -> Recover {
        let mut recover = Recover { attributes: None, links: None, options: Vec::new() };
        for list in children(pair, Rule::recover_list) {
            let names = Some(self.names(&list));
            match child(&list, Rule::recover_subject).map(|subject| subject.as_str()) {
                Some("links") => recover.links = names,
                _ => recover.attributes = names,
            }
        }
        for options in children(pair, Rule::recover_options) {
            for option in children(&options, Rule::recover_option) {
                let name = child(&option, Rule::name).map(|name| self.name(&name));
                let value = self.only_expression(&option);
                recover.options.extend(name.zip(value));
            }
        }
        recover
    }
}

fn direction(pair: &RulePair<'_>) -> Option<Direction> {
    let direction = child(pair, Rule::direction)?;
    let ascending = child(&direction, Rule::asc_word).is_some();
    Some(if ascending { Direction::Ascending } else { Direction::Descending })
}
