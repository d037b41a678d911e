//! Owns the order of a backup: what is read whole, what by changes, what not at all, and how readings become one moment.
//!
//! ```text
//!   whole     begin deltas ── settle ── lists, bins, relations ── rounds until two are empty
//!   changes   rounds until one is empty ── what is due to be swept
//!   both      what no delta tells: lists of what is small, what lives below others, who owns applications
//!             ── what the last backup could not read or believe ── what answers contradict each other about, once more
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use engine::coverage::{BinExtent, Extent, Gap, GapScope, TypeReading};
use engine::{ObjectKey, Snapshot};
use jiff::Timestamp;
use tokio::task::JoinSet;

use super::asked::{self, Asked};
use super::below;
use super::changes::{self, LinkSource, Touch, Touched};
use super::error::{Error, Result};
use super::event::{self, Event};
use super::inside;
use super::missing::{self, Listed};
use super::reader::Reader;
use super::state::{Feed, SourceState};
use super::whole;
use engine::schema::{Relation, Tier};

/// Rounds after which a tenant that never rests is taken as it is; what comes later is the next backup's.
const ROUND_COUNT_MAX: usize = 10;
/// Rounds without a change after which a reading is of one moment.
const EMPTY_ROUND_COUNT: usize = 2;
/// The longest wait before an object is looked for a second time.
const LOOK_AGAIN_AFTER_MAX: Duration = Duration::from_secs(30);
/// How a type was read of which Graph gave nothing.
const NOT_READ: &str = "not read";
/// How a type was read that was not due.
const CARRIED: &str = "carried";

/// What a run is to do.
pub(super) struct Run {
    pub(super) reader: Reader,
    pub(super) asked: Vec<Asked>,
    /// What is known to be unreadable before anything is asked.
    pub(super) gaps: Vec<Gap>,
    /// Reads everything, whatever the last backup left.
    pub(super) is_full: bool,
    pub(super) state: SourceState,
    pub(super) settle: Duration,
    pub(super) sweep_every: Duration,
    /// When it began.
    pub(super) now: Timestamp,
    pub(super) previous: Option<Snapshot>,
}

/// What a run did.
pub(super) struct Done {
    pub(super) readings: Vec<(&'static str, TypeReading)>,
    pub(super) state: SourceState,
    /// How each type was read, for the report.
    pub(super) ways: BTreeMap<&'static str, &'static str>,
}

/// What was read of one type.
struct TypeDone {
    asked: Asked,
    reading: Option<TypeReading>,
    feed: Option<Feed>,
    swept: Vec<String>,
    way: &'static str,
}

impl TypeDone {
    /// What was read of a type whose list another one was read from.
    fn with_list(asked: Asked, types: &[Self]) -> Option<Self> {
        let first = types.iter().find(|done| done.asked.resource.graph.list == asked.resource.graph.list)?;
        let reading = first.reading.clone();
        Some(Self { asked, reading, feed: None, swept: Vec::new(), way: first.way })
    }
}

impl Run {
    pub(super) async fn drive(mut self) -> Result<Done> {
        for gap in std::mem::take(&mut self.gaps) {
            self.reader.tell(Event::Gap(gap)).await?;
        }
        let mut granted = BTreeSet::new();
        for asked in &self.asked {
            granted.extend(inside::granted(&self.reader, asked.resource).await?);
        }
        self.reader.granted = Arc::new(granted);
        let run = Arc::new(self);
        let mut tasks = JoinSet::new();
        // Types that share a list come with it, each object saying which it is.
        let mut lists = BTreeSet::new();
        let (first, others): (Vec<Asked>, Vec<Asked>) = run
            .asked
            .clone()
            .into_iter()
            .partition(|asked| asked.resource.graph.list.is_none_or(|list| lists.insert(list)));
        for asked in first {
            let run = Arc::clone(&run);
            tasks.spawn(async move { run.read(asked).await });
        }
        let mut types = Vec::new();
        while let Some(done) = tasks.join_next().await {
            types.push(joined(done)?);
        }
        types.sort_by(|a, b| a.asked.resource.token.cmp(b.asked.resource.token));
        let others: Vec<TypeDone> =
            others.into_iter().filter_map(|asked| TypeDone::with_list(asked, &types)).collect();
        for done in others.iter().filter(|done| done.way == NOT_READ) {
            run.reader.tell(Event::Gap(event::list_gap(done.asked.resource))).await?;
        }
        types.extend(others);
        run.replay(&mut types).await?;
        run.look_again(&types).await?;
        // What was not due was not asked for, so it does not show that the tenant gives anything.
        if types.iter().filter(|done| done.way != CARRIED).all(|done| done.way == NOT_READ)
            && let Some(error) = run.reader.first_failure()
        {
            return Err(error);
        }
        Ok(run.conclude(types))
    }

    /// Looks a second time for what answers contradicted each other about, when replicas had some time.
    async fn look_again(&self, types: &[TypeDone]) -> Result<()> {
        if !self.reader.has_doubts() {
            return Ok(());
        }
        if !self.settle.is_zero() {
            self.reader.rest(self.settle.min(LOOK_AGAIN_AFTER_MAX)).await?;
        }
        for done in types {
            changes::resolve(&self.reader, &done.asked).await?;
        }
        Ok(())
    }

    async fn read(&self, asked: Asked) -> Result<TypeDone> {
        let resource = asked.resource;
        if resource.graph.parent.is_some() {
            return self.read_below(asked).await;
        }
        if resource.tier() == Tier::Tracked {
            let known = self.state.delta.get(resource.token).filter(|feed| feed.select == asked.select);
            let feed = known.cloned();
            if is_listed_only(&asked) {
                return self.read_when_changed(asked, feed).await;
            }
            return match feed {
                Some(feed) if !self.is_full && !self.state.again.overflows(resource.token) => {
                    self.read_changes(asked, feed).await
                }
                feed => self.read_tracked_whole(asked, feed).await,
            };
        }
        self.read_whole(asked, None, "polled").await
    }

    /// Begins to track, waits until replicas can be taken to have settled, and reads whole.
    async fn read_tracked_whole(&self, asked: Asked, feed: Option<Feed>) -> Result<TypeDone> {
        let link = match feed {
            // What happened since the last backup is told again, so that a list from a stale replica is put right.
            Some(feed) => Ok(feed.link),
            None => changes::begin(&self.reader, &asked).await?,
        };
        let feed = link.ok().map(|link| Feed { link, select: asked.select.clone() });
        if !self.settle.is_zero() {
            self.reader.rest(self.settle).await?;
        }
        self.read_whole(asked, feed, "whole").await
    }

    async fn read_whole(&self, asked: Asked, feed: Option<Feed>, way: &'static str) -> Result<TypeDone> {
        let mut done = TypeDone { feed, reading: None, swept: Vec::new(), way, asked };
        if whole::read_list(&self.reader, &done.asked).await?.is_none() {
            // What came before Graph refused to go on is kept, and nothing is taken for gone.
            done.feed = None;
            done.way = NOT_READ;
            done.reading = Some(asked::reading(&done.asked, Extent::Changes, BinExtent::NotRead));
            return Ok(done);
        }
        let bin = whole::read_bin(&self.reader, &done.asked).await?;
        let mut reading = asked::reading(&done.asked, Extent::Whole, bin);
        // A list may be of several types.
        for asked in
            self.asked.iter().filter(|asked| asked.resource.graph.list == done.asked.resource.graph.list)
        {
            if missing::look(&self.reader, asked, bin, self.previous.as_ref()).await? == Listed::Perhaps {
                reading.extent = Extent::Changes;
            }
        }
        for link in done.asked.resource.links() {
            if whole::read_relation(&self.reader, &done.asked, link).await?.is_some() {
                reading.relations.push(asked::relation(link, Extent::Whole, self.now));
                done.swept.push(format!("{}.{}", done.asked.resource.token, link.name));
            }
        }
        done.reading = Some(reading);
        Ok(done)
    }

    /// Reads what changed since the last backup, what that one could not read, and what no delta query tells.
    async fn read_changes(&self, asked: Asked, feed: Feed) -> Result<TypeDone> {
        let token = asked.resource.token;
        let (mut reading, links) = self.read_pending(&asked).await?;
        let mut link = feed.link;
        let reader = self.reader.unstaged();
        for _ in 0..ROUND_COUNT_MAX {
            match changes::read_round(&reader, &asked, &link).await? {
                Ok(round) => {
                    link = round.next;
                    if round.touched.is_empty() {
                        break;
                    }
                    self.settle(&asked, &round.touched, links).await?;
                }
                // The next backup goes on from the same link; if it cannot either, it reads everything anew.
                Err(unread) if unread.is_failure() && !self.state.again.types.contains(token) => {
                    self.reader.tell(asked.gap(GapScope::Type, &unread)).await?;
                    reading.bin = BinExtent::NotRead;
                    let feed = Some(Feed { link, select: feed.select });
                    let swept = Vec::new();
                    return Ok(TypeDone { asked, reading: Some(reading), feed, swept, way: NOT_READ });
                }
                // The feed is too old, or Graph moved the tenant: everything is read anew.
                Err(_) => return self.read_tracked_whole(asked, None).await,
            }
        }
        if asked.resource.graph.inside.iter().any(|inside| inside.is_of_granted) {
            let ids: Vec<&String> = self.reader.granted.iter().collect();
            for ids in ids.chunks(whole::BATCH_LENGTH) {
                // Of those that are gone the rounds tell.
                changes::read_objects(&reader, &asked, ids).await?;
            }
        }
        let mut swept = Vec::new();
        for relation in asked.resource.links() {
            let name = format!("{token}.{}", relation.name);
            if reading.relations.iter().any(|read| read.name == relation.name) {
                continue;
            }
            if relation.tier() == Tier::Tracked {
                reading.relations.push(asked::relation(relation, Extent::Changes, self.now));
            } else if self.is_wanted(&asked, relation)
                && whole::read_relation(&self.reader, &asked, relation).await?.is_some()
            {
                reading.relations.push(asked::relation(relation, Extent::Whole, self.now));
                swept.push(name);
            }
        }
        let feed = Some(Feed { link, select: feed.select });
        Ok(TypeDone { asked, reading: Some(reading), feed, swept, way: "changes" })
    }

    /// Reads what the last backup could not read or believe, and what a recovery touched since; says whether links that
    /// rounds tell of are still to be taken from them.
    async fn read_pending(&self, asked: &Asked) -> Result<(TypeReading, LinkSource)> {
        let (token, again) = (asked.resource.token, &self.state.again);
        let reader = &self.reader;
        let bin = if again.bins.contains(token) {
            whole::read_bin(reader, asked).await?
        } else {
            BinExtent::Changes
        };
        let mut reading = asked::reading(asked, Extent::Changes, bin);
        let mut links = LinkSource::Round;
        let tracked = asked.resource.links().filter(|link| link.tier() == Tier::Tracked);
        for link in tracked.filter(|link| again.names_relation(token, link.name)) {
            links = LinkSource::Graph;
            if whole::read_relation(reader, asked, link).await?.is_some() {
                reading.relations.push(asked::relation(link, Extent::Whole, self.now));
            }
        }
        let pending: Touched =
            again.objects_of(token).into_iter().map(|id| (id, Touch::asked_for())).collect();
        if !pending.is_empty() {
            links = LinkSource::Graph;
            self.settle(asked, &pending, links).await?;
        }
        for link in asked.resource.links() {
            let sources = again.links_of(token, link.name);
            if !sources.is_empty() {
                links = LinkSource::Graph;
                whole::read_links_of(&reader.unstaged(), asked, link, &sources).await?;
            }
        }
        Ok((reading, links))
    }

    /// Whether a relation that no delta query tells of is read now.
    fn is_wanted(&self, asked: &Asked, relation: &Relation) -> bool {
        let token = asked.resource.token;
        relation.is_always_read
            || self.state.again.names_relation(token, relation.name)
            || self.is_due(&format!("{token}.{}", relation.name))
    }

    /// Reads a type whose objects have other IDs than the store knows them by: its delta query only tells whether the
    /// list has to be read again.
    async fn read_when_changed(&self, asked: Asked, feed: Option<Feed>) -> Result<TypeDone> {
        let (link, is_changed) = match feed {
            None => (changes::begin(&self.reader, &asked).await?, true),
            Some(feed) => match changes::read_round(&self.reader, &asked, &feed.link).await? {
                Ok(round) => (Ok(round.next), !round.touched.is_empty()),
                Err(unread) if unread.is_failure() => (Ok(feed.link), true),
                Err(_) => (changes::begin(&self.reader, &asked).await?, true),
            },
        };
        let feed = link.ok().map(|link| Feed { link, select: asked.select.clone() });
        if is_changed || self.is_full || self.state.again.names(asked.resource.token) {
            return self.read_whole(asked, feed, "whole").await;
        }
        let reading = Some(asked::reading(&asked, Extent::Changes, BinExtent::Whole));
        Ok(TypeDone { asked, reading, feed, swept: Vec::new(), way: "unchanged" })
    }

    /// Reads what lives below the objects of another type: always what an intruder uses to stay, the rest when it is due.
    async fn read_below(&self, asked: Asked) -> Result<TypeDone> {
        let mut done = TypeDone { asked, reading: None, feed: None, swept: Vec::new(), way: CARRIED };
        let resource = done.asked.resource;
        let is_wanted = resource.graph.is_always_read
            || self.state.again.names(resource.token)
            || self.is_due(resource.token);
        if !self.is_full && !is_wanted {
            return Ok(done);
        }
        let is_whole = below::read_children(&self.reader, &done.asked, "below").await?.is_some()
            && missing::look(&self.reader, &done.asked, BinExtent::Whole, self.previous.as_ref()).await?
                == Listed::All;
        done.way = if is_whole { "swept" } else { NOT_READ };
        let extent = if is_whole { Extent::Whole } else { Extent::Changes };
        done.reading = Some(asked::reading(&done.asked, extent, BinExtent::Whole));
        if is_whole {
            done.swept.push(resource.token.to_owned());
        }
        Ok(done)
    }

    /// Reads rounds of everything that was read whole until nothing changes any more.
    async fn replay(&self, types: &mut [TypeDone]) -> Result<()> {
        let mut empty_count = 0;
        for _ in 0..ROUND_COUNT_MAX {
            let mut is_empty = true;
            for done in types.iter_mut().filter(|done| done.way == "whole" && !is_listed_only(&done.asked)) {
                let Some(feed) = &mut done.feed else { continue };
                // What an interrupted run staged of it tells nothing of what came after.
                match changes::read_round(&self.reader.unstaged(), &done.asked, &feed.link).await? {
                    Ok(round) => {
                        feed.link = round.next;
                        is_empty &= round.touched.is_empty();
                        self.settle(&done.asked, &round.touched, LinkSource::Graph).await?;
                    }
                    // The next backup goes on from the same link.
                    Err(unread) if unread.is_failure() => {}
                    Err(_) => {
                        // The feed of the last backup is too old. The list is newer than it, so a new one may begin here.
                        is_empty = false;
                        match changes::begin(&self.reader, &done.asked).await? {
                            Ok(link) => feed.link = link,
                            Err(_) => done.feed = None,
                        }
                    }
                }
            }
            empty_count = if is_empty { empty_count + 1 } else { 0 };
            if empty_count == EMPTY_ROUND_COUNT {
                break;
            }
        }
        Ok(())
    }

    async fn settle(&self, asked: &Asked, touched: &Touched, links: LinkSource) -> Result<()> {
        let is_known = |key: &ObjectKey| {
            self.previous.as_ref().is_some_and(|previous| matches!(previous.object(key), Ok(Some(_))))
        };
        changes::settle(&self.reader, asked, touched, links, is_known).await
    }

    fn is_due(&self, name: &str) -> bool {
        let Some(last) = self.state.swept.get(name) else { return true };
        let age = self.now.duration_since(*last);
        age.is_negative() || age.unsigned_abs() >= self.sweep_every
    }

    fn conclude(&self, types: Vec<TypeDone>) -> Done {
        let mut state = self.state.clone();
        let (mut readings, mut ways) = (Vec::new(), BTreeMap::new());
        // Of a type of which nothing came, what the last backup could not read is still to be asked.
        for done in types.iter().filter(|done| done.way != NOT_READ) {
            state.again.forget(done.asked.resource.token);
            // What was asked for and refused once more is noted anew.
            state.again.forget_properties(done.asked.resource.token, &done.asked.select);
        }
        state.again.extend(self.reader.again());
        if self.is_full {
            state.full_at = Some(self.now);
            // The types that this backup leaves out are read whole by the next one that does not.
            let is_asked = |token: &String| self.asked.iter().any(|asked| asked.resource.token == *token);
            state.delta.retain(|token, _| is_asked(token));
        }
        for done in types {
            let token = done.asked.resource.token;
            match done.feed {
                Some(mut feed) => {
                    // When Graph knows a property that it did not know, its values are read whole.
                    self.reader.trim(token, &mut feed.select);
                    state.delta.insert(token.to_owned(), feed)
                }
                None => state.delta.remove(token),
            };
            state.swept.extend(done.swept.into_iter().map(|name| (name, self.now)));
            ways.insert(token, done.way);
            let reading = done.reading.map(|mut reading| {
                if let Some(properties) = &mut reading.properties {
                    self.reader.trim(token, properties);
                }
                reading
            });
            readings.extend(reading.map(|reading| (token, reading)));
        }
        Done { readings, state, ways }
    }
}

/// Whether delta records of a type name objects by IDs that the store does not know them by.
fn is_listed_only(asked: &Asked) -> bool {
    !asked.resource.natural_key.is_empty()
}

/// The result of a task; one that panicked panics here.
fn joined<T>(done: Result<Result<T>, tokio::task::JoinError>) -> Result<T> {
    match done {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(Error::Cancelled),
    }
}
