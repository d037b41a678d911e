//! The names nearest to one that no object has.

/// Names shown at most.
const COUNT_MAX: usize = 3;

/// Letters that may differ, at most.
const DISTANCE_MAX: usize = 3;

/// Letters of the beginning that a name may share when nothing else is alike.
const START_LENGTH: usize = 3;

/// A name that no object has.
pub(super) struct Wanted {
    text: String,
    letters: Vec<char>,
    /// Letters that may differ: few in a short name.
    distance_max: usize,
}

impl Wanted {
    pub(super) fn new(name: &str) -> Self {
        let text = name.to_lowercase();
        let letters: Vec<char> = text.chars().collect();
        let distance_max = (1 + letters.len() / 4).min(DISTANCE_MAX);
        Self { text, letters, distance_max }
    }

    /// The distance of a name: smaller is nearer, none when the two have nothing in common.
    pub(super) fn rank(&self, name: &str) -> Option<usize> {
        if self.text.is_empty() {
            return None;
        }
        let name = name.to_lowercase();
        if name.contains(&self.text) {
            return Some(0);
        }
        let letters: Vec<char> = name.chars().collect();
        let distance = self.distance(&letters);
        if distance.is_some() {
            return distance;
        }
        let start = self.letters.get(..START_LENGTH)?;
        letters.starts_with(start).then_some(DISTANCE_MAX + 1)
    }

    /// Letters to change, add or leave out; none when those are too many.
    fn distance(&self, name: &[char]) -> Option<usize> {
        let wanted = &self.letters;
        // A name of one letter is near to every other.
        if wanted.len() < 2 || wanted.len().abs_diff(name.len()) > self.distance_max {
            return None;
        }
        let mut row: Vec<usize> = (0..=name.len()).collect();
        for (index, letter) in wanted.iter().enumerate() {
            let mut diagonal = std::mem::replace(&mut row[0], index + 1);
            let mut least = row[0];
            for (position, other) in name.iter().enumerate() {
                let change = diagonal + usize::from(letter != other);
                diagonal = row[position + 1];
                row[position + 1] = change.min(diagonal + 1).min(row[position] + 1);
                least = least.min(row[position + 1]);
            }
            if least > self.distance_max {
                return None;
            }
        }
        row.last().copied().filter(|distance| *distance <= self.distance_max)
    }

    /// The nearest of some names, as `nearest: …`; empty when none is near.
    pub(super) fn list(&self, names: Vec<String>) -> String {
        let length = |name: &String| name.chars().count().abs_diff(self.letters.len());
        let mut ranked: Vec<(usize, usize, String)> =
            names.into_iter().filter_map(|name| Some((self.rank(&name)?, length(&name), name))).collect();
        ranked.sort_unstable();
        ranked.dedup();
        // A name that only begins alike is worth naming when none is nearer.
        if ranked.first().is_some_and(|(rank, ..)| *rank <= DISTANCE_MAX) {
            ranked.retain(|(rank, ..)| *rank <= DISTANCE_MAX);
        }
        let nearest: Vec<String> = ranked.into_iter().take(COUNT_MAX).map(|(_, _, name)| name).collect();
        if nearest.is_empty() { String::new() } else { format!("nearest: {}", nearest.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::Wanted;

    fn nearest(wanted: &str, names: &[&str]) -> String {
        Wanted::new(wanted).list(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn a_slip_of_the_hand_is_forgiven() {
        let names = ["Ann", "Bob", "Annemarie", "Zoë"];
        assert_eq!(nearest("Anm", &names), "nearest: Ann");
        assert_eq!(nearest("bb", &names), "nearest: Bob");
        assert_eq!(nearest("zoe", &names), "nearest: Zoë");
        assert_eq!(nearest("Annmarie", &names), "nearest: Annemarie");
        assert_eq!(nearest("ann", &names), "nearest: Ann, Annemarie");
        assert_eq!(nearest("Annika", &names), "nearest: Ann, Annemarie");
        assert_eq!(nearest("Xaver", &names), "");
        assert_eq!(nearest("", &names), "");
    }
}
