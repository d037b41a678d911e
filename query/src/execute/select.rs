//! Predicates to the rows for which they are true: looked up by code where a column has values of its own, and later
//! conditions only for the rows that earlier ones left.
//!
//! *Shape*: for each dictionary or list of texts one [`Known`], shared by all batches; a byte a value, filled in by
//! chunks once enough rows ask for them, one by one before that.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::evaluate::{SMALL_DICTIONARY, alone, evaluate, only_column};
use super::search::{Truth, search};
use crate::batch::{Batch, Column, Texts, row_number};
use crate::limits::Guard;
use crate::plan::Scalar;
use crate::value::Value;

/// Values whose truths are computed together; few in tests, so that small tables have several chunks.
const CHUNK: usize = if cfg!(test) { 1 << 5 } else { 1 << 16 };
/// A chunk of texts is scanned whole once one in so many is needed: a scan costs so much less than a look at each.
const TEXTS_PER_LOOK: usize = 32;
/// As above, for values that cost the same either way.
const VALUES_PER_LOOK: usize = 2;
/// Most dictionaries whose truths are kept for later batches.
const KEPT_MAX: usize = 64;
/// From so many rows on, only a sample decides which chunks are needed.
const SAMPLED_FROM: usize = if cfg!(test) { 64 } else { 4096 };
const SAMPLE: usize = 16;

/// Some rows of a batch, in order.
#[derive(Debug, Clone)]
pub(super) enum RowSelection {
    /// All of so many.
    All(u32),
    /// These.
    Some(Vec<u32>),
}

impl RowSelection {
    fn none() -> Self {
        Self::Some(Vec::new())
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::All(count) => *count as usize,
            Self::Some(rows) => rows.len(),
        }
    }

    fn to_vec(&self) -> Vec<u32> {
        match self {
            Self::All(count) => (0..*count).collect(),
            Self::Some(rows) => rows.clone(),
        }
    }
}

/// A condition ready for many batches.
pub(super) enum CompiledPredicate<'a> {
    /// All of these.
    All(Vec<CompiledPredicate<'a>>),
    /// Any of these.
    Any(Vec<CompiledPredicate<'a>>),
    /// About one column.
    Column(ColumnTest<'a>),
    /// About no column or several.
    Other(Scalar, Guard<'a>),
}

impl<'a> CompiledPredicate<'a> {
    pub(super) fn new(scalar: &Scalar, guard: &Guard<'a>) -> Self {
        if let Some(column) = only_column(scalar) {
            return Self::Column(ColumnTest {
                scalar: scalar.clone(),
                column,
                known: Mutex::default(),
                guard: guard.clone(),
            });
        }
        match scalar {
            Scalar::Call { function, arguments, .. } if function.name == "and" => {
                Self::All(arguments.iter().map(|part| Self::new(part, guard)).collect())
            }
            Scalar::Call { function, arguments, .. } if function.name == "or" => {
                Self::Any(arguments.iter().map(|part| Self::new(part, guard)).collect())
            }
            scalar => Self::Other(scalar.clone(), guard.clone()),
        }
    }

    /// Visits every column it looks at.
    pub(super) fn columns(&self, visit: &mut dyn FnMut(usize)) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.columns(visit)),
            Self::Column(test) => visit(test.column),
            Self::Other(scalar, _) => scalar.columns(visit),
        }
    }

    /// Those of the rows for which it is true.
    pub(super) fn select(&self, batch: &Batch, rows: RowSelection) -> RowSelection {
        if rows.len() == 0 {
            return RowSelection::none();
        }
        match self {
            Self::All(parts) => {
                let mut parts: Vec<&Self> = parts.iter().collect();
                parts.sort_by_key(|part| part.cost(batch));
                parts.into_iter().fold(rows, |rows, part| part.select(batch, rows))
            }
            Self::Any(parts) => any(parts, batch, &rows),
            Self::Column(test) => test.select(batch, rows),
            Self::Other(scalar, guard) => computed(scalar, batch, rows, guard),
        }
    }

    /// Cheap parts are computed first; the order makes no other difference.
    fn cost(&self, batch: &Batch) -> u8 {
        match self {
            Self::Column(test) => match &batch.columns[test.column] {
                Column::Constant(_) => 0,
                Column::Dictionary { values, .. } if values.len() <= SMALL_DICTIONARY => 1,
                Column::Dictionary { .. } | Column::Texts { .. } => 2,
                Column::Values(_) => 4,
            },
            Self::All(_) | Self::Any(_) => 3,
            Self::Other(..) => 5,
        }
    }
}

fn any(parts: &[CompiledPredicate<'_>], batch: &Batch, rows: &RowSelection) -> RowSelection {
    let (mut left, mut chosen) = (rows.to_vec(), Vec::new());
    for part in parts {
        if left.len() == batch.row_count {
            match part.select(batch, rows.clone()) {
                RowSelection::All(count) => return RowSelection::All(count),
                RowSelection::Some(found) => chosen.extend(found),
            }
        } else if let RowSelection::Some(found) = part.select(batch, RowSelection::Some(left.clone())) {
            chosen.extend(found);
        }
        chosen.sort_unstable();
        left = rows.to_vec();
        left.retain(|row| chosen.binary_search(row).is_err());
    }
    RowSelection::Some(chosen)
}

/// Computes a condition for some rows and keeps those for which it is true.
fn computed(scalar: &Scalar, batch: &Batch, rows: RowSelection, guard: &Guard<'_>) -> RowSelection {
    let made = match &rows {
        RowSelection::All(_) => evaluate(scalar, batch, guard),
        RowSelection::Some(rows) => {
            let mut needed = vec![false; batch.columns.len()];
            scalar.columns(&mut |column| needed[column] = true);
            evaluate(scalar, &batch.gather_needed(rows, &needed), guard)
        }
    };
    let holds = |index: usize| Truth::of(&made.get(index)) == Truth::True;
    match (&made, rows) {
        (Column::Constant(_), rows) => {
            if holds(0) {
                rows
            } else {
                RowSelection::none()
            }
        }
        (_, RowSelection::All(count)) => {
            RowSelection::Some((0..count).filter(|row| holds(*row as usize)).collect())
        }
        (_, RowSelection::Some(rows)) => {
            let indexes = rows.into_iter().enumerate().filter(|(index, _)| holds(*index));
            RowSelection::Some(indexes.map(|(_, row)| row).collect())
        }
    }
}

/// A condition about one column.
pub(super) struct ColumnTest<'a> {
    scalar: Scalar,
    column: usize,
    known: Mutex<Vec<Arc<Known>>>,
    guard: Guard<'a>,
}

/// The values a column can hold.
#[derive(Clone)]
enum Domain {
    Values(Arc<Vec<Value>>),
    Texts(Arc<Texts>),
}

impl Domain {
    fn len(&self) -> usize {
        match self {
            Self::Values(values) => values.len(),
            Self::Texts(texts) => texts.len(),
        }
    }

    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Values(left), Self::Values(right)) => Arc::ptr_eq(left, right),
            (Self::Texts(left), Self::Texts(right)) => Arc::ptr_eq(left, right),
            _ => false,
        }
    }

    fn looks(&self) -> usize {
        match self {
            Self::Values(_) => VALUES_PER_LOOK,
            Self::Texts(_) => TEXTS_PER_LOOK,
        }
    }
}

/// What a condition says of each value of a domain.
struct Known {
    /// The attempt it was begun in: in one that ran out of memory, truths may be wrong.
    attempt: usize,
    domain: Domain,
    truths: Vec<AtomicU8>,
    chunks: Vec<Chunk>,
}

#[derive(Default)]
struct Chunk {
    /// How many look-ups there were before its values were computed.
    asked: AtomicUsize,
    /// Whether some thread took it upon itself to compute them.
    begun: AtomicBool,
    computed: OnceLock<()>,
}

impl ColumnTest<'_> {
    fn select(&self, batch: &Batch, rows: RowSelection) -> RowSelection {
        let (domain, codes) = match &batch.columns[self.column] {
            Column::Dictionary { codes, values } => (Domain::Values(Arc::clone(values)), codes),
            Column::Texts { codes, texts } => (Domain::Texts(Arc::clone(texts)), codes),
            Column::Constant(value) => {
                let one = alone(self.column, Column::Constant(value.clone()), 1);
                let made = evaluate(&self.scalar, &one, &self.guard);
                return if Truth::of(&made.get(0)) == Truth::True { rows } else { RowSelection::none() };
            }
            Column::Values(_) => return computed(&self.scalar, batch, rows, &self.guard),
        };
        let known = self.known(domain);
        self.compute_chunks(&known, codes, &rows);
        if let Some(found) = pick(&known.truths, codes, &rows) {
            return found;
        }
        self.compute_codes(&known, codes, &rows);
        pick(&known.truths, codes, &rows).expect("every code of the rows was computed")
    }

    fn known(&self, domain: Domain) -> Arc<Known> {
        let attempt = self.guard.attempt();
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|known| known.attempt == attempt);
        if let Some(known) = all.iter().find(|known| known.domain.is(&domain)) {
            return Arc::clone(known);
        }
        if all.len() >= KEPT_MAX {
            all.clear();
        }
        let count = domain.len();
        let truths = std::iter::repeat_with(AtomicU8::default).take(count).collect();
        let chunks = std::iter::repeat_with(Chunk::default).take(count.div_ceil(CHUNK)).collect();
        let known = Arc::new(Known { attempt, domain, truths, chunks });
        all.push(Arc::clone(&known));
        known
    }

    /// Computes the chunks that enough rows ask for: first those that no other thread has begun, so that threads which
    /// ask for the same ones share the work instead of waiting for each other.
    fn compute_chunks(&self, known: &Known, codes: &[u32], rows: &RowSelection) {
        let range = |index: usize| (index * CHUNK, known.truths.len().min((index + 1) * CHUNK));
        let mut wanted = Vec::new();
        for (index, count) in asked(codes, rows, known.chunks.len()).into_iter().enumerate() {
            let chunk = &known.chunks[index];
            if count == 0 || chunk.computed.get().is_some() {
                continue;
            }
            let (first, end) = range(index);
            let asked = chunk.asked.fetch_add(count, Ordering::Relaxed) + count;
            if end - first <= SMALL_DICTIONARY || asked.saturating_mul(known.domain.looks()) >= end - first {
                wanted.push(index);
            }
        }
        // Nothing in here waits for other threads, so that waiting for it cannot stop them all.
        let compute = |index: &usize| {
            let (first, end) = range(*index);
            known.chunks[*index].computed.get_or_init(|| self.compute(known, first, end));
        };
        wanted.retain(|index| {
            let begun = known.chunks[*index].begun.swap(true, Ordering::Relaxed);
            if !begun {
                compute(index);
            }
            begun
        });
        wanted.iter().for_each(compute);
    }

    fn compute(&self, known: &Known, first: usize, end: usize) {
        let store =
            |index: usize, truth: Truth| known.truths[first + index].store(truth as u8, Ordering::Relaxed);
        match &known.domain {
            Domain::Texts(texts) => {
                let range = row_number(first)..row_number(end);
                let truths = search(&self.scalar, self.column, texts, range, &self.guard);
                truths.into_iter().enumerate().for_each(|(index, truth)| store(index, truth));
            }
            Domain::Values(values) => {
                let part = if first == 0 && end == values.len() {
                    Arc::clone(values)
                } else {
                    Arc::new(values[first..end].to_vec())
                };
                let batch = alone(self.column, Column::Values(part), end - first);
                let made = evaluate(&self.scalar, &batch, &self.guard);
                (0..end - first).for_each(|index| store(index, Truth::of(&made.get(index))));
            }
        }
    }

    /// Computes what is still missing, value by value.
    fn compute_codes(&self, known: &Known, codes: &[u32], rows: &RowSelection) {
        let unset = |code: &u32| known.truths[*code as usize].load(Ordering::Relaxed) == Truth::Unset as u8;
        let mut missing: Vec<u32> = match rows {
            RowSelection::All(_) => codes.iter().copied().filter(unset).collect(),
            RowSelection::Some(rows) => rows.iter().map(|row| codes[*row as usize]).filter(unset).collect(),
        };
        missing.sort_unstable();
        missing.dedup();
        let (count, wanted) = (missing.len(), missing.clone());
        let column = match &known.domain {
            Domain::Values(values) => {
                Column::of(missing.iter().map(|code| values[*code as usize].clone()).collect())
            }
            Domain::Texts(texts) => Column::Texts { codes: Arc::new(missing), texts: Arc::clone(texts) },
        };
        let made = evaluate(&self.scalar, &alone(self.column, column, count), &self.guard);
        for (index, code) in wanted.into_iter().enumerate() {
            known.truths[code as usize].store(Truth::of(&made.get(index)) as u8, Ordering::Relaxed);
        }
    }
}

/// About how many rows ask for each chunk of values.
fn asked(codes: &[u32], rows: &RowSelection, chunk_count: usize) -> Vec<usize> {
    let mut counts = vec![0; chunk_count];
    if let [count] = counts.as_mut_slice() {
        *count = rows.len();
        return counts;
    }
    match rows {
        RowSelection::All(_) if codes.len() >= SAMPLED_FROM => {
            codes.iter().step_by(SAMPLE).for_each(|code| counts[*code as usize / CHUNK] += SAMPLE);
        }
        RowSelection::All(_) => codes.iter().for_each(|code| counts[*code as usize / CHUNK] += 1),
        RowSelection::Some(rows) => {
            for row in rows {
                counts[codes[*row as usize] as usize / CHUNK] += 1;
            }
        }
    }
    counts
}

/// Rows that are tested together: the bits of a word.
const WORD: usize = 64;

/// The rows whose values are true; nothing if one was not computed yet.
fn pick(truths: &[AtomicU8], codes: &[u32], rows: &RowSelection) -> Option<RowSelection> {
    let truth = |code: u32| truths[code as usize].load(Ordering::Relaxed);
    let mut picked = Vec::new();
    match rows {
        RowSelection::All(row_count) => {
            let blocks = codes[..*row_count as usize].chunks(WORD);
            for (block, first) in blocks.zip((0..).step_by(WORD)) {
                let mut left = word(block.iter().map(|code| truth(*code)))?;
                while left != 0 {
                    picked.push(first + left.trailing_zeros());
                    left &= left - 1;
                }
            }
            if picked.len() == *row_count as usize {
                return Some(RowSelection::All(*row_count));
            }
        }
        RowSelection::Some(rows) => {
            for block in rows.chunks(WORD) {
                let mut left = word(block.iter().map(|row| truth(codes[*row as usize])))?;
                while left != 0 {
                    picked.push(block[left.trailing_zeros() as usize]);
                    left &= left - 1;
                }
            }
        }
    }
    Some(RowSelection::Some(picked))
}

/// A bit for each row, set where it is true: made without a branch that could be guessed wrongly. Nothing if one was
/// not computed yet.
fn word(truths: impl Iterator<Item = u8>) -> Option<u64> {
    let (mut word, mut unset) = (0, false);
    for (bit, truth) in truths.enumerate() {
        word |= u64::from(truth == Truth::True as u8) << bit;
        unset |= truth == Truth::Unset as u8;
    }
    (!unset).then_some(word)
}
