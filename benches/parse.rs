//! How fast do raw objects become cells and hashes?
//!
//! A user of 2 KB and 40 properties is read once (memory gives 10 GB/s: 0.2 µs), every string is searched for its end
//! (8 bytes at a time: 0.3 µs), copied into its column and again to be hashed (0.3 µs), and hashed with BLAKE3, many
//! objects side by side (about 5 GB/s: 0.3 µs; alone 1.1 GB/s). Expected: under 3 µs an object, most of it the steps
//! between 40 properties.
//!
//! The other parser only steps over the properties; what it finds would still have to become canonical and be copied.

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::value::RawValue;

const OBJECTS: u64 = 2_000;

/// A fixed sequence that looks random.
struct Sequence(u64);

impl Sequence {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 1
    }

    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[usize::try_from(self.next() % choices.len() as u64).unwrap_or_default()]
    }

    fn guid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            a >> 32,
            a & 0xffff,
            a >> 20 & 0xfff,
            b & 0xfff,
            b >> 16
        )
    }
}

const GIVEN: [&str; 6] = ["Adele", "Bjørn", "Chloé", "Diego", "Emma", "Farid"];
const FAMILY: [&str; 6] = ["Vance", "Müller", "Okafor", "Santos", "Nguyen", "Smith"];
const DEPARTMENTS: [&str; 4] = ["Sales", "Engineering", "Human Resources", "Legal"];
const CITIES: [&str; 4] = ["Seattle", "Zürich", "São Paulo", "Kyoto"];
const LICENCES: [&str; 3] = [
    "05e9a617-0261-4cee-bb44-138d3ef5d965",
    "c7df2760-2c81-4ef7-b578-5b5392b571df",
    "18181a46-0d4e-45cd-891e-60aabd171b4e",
];

fn user(sequence: &mut Sequence) -> String {
    let id = sequence.guid();
    let given = sequence.pick(&GIVEN);
    let family = sequence.pick(&FAMILY);
    let number = sequence.next() % 1_000_000;
    let name = format!("user{number}");
    let city = sequence.pick(&CITIES);
    let department = sequence.pick(&DEPARTMENTS);
    let licence = sequence.pick(&LICENCES);
    let day = 1 + number % 28;
    format!(
        "{{\"id\":\"{id}\",\"deletedDateTime\":null,\"accountEnabled\":true,\"ageGroup\":null,\
         \"businessPhones\":[\"+1 425 555 {phone:04}\"],\"city\":\"{city}\",\"companyName\":\"Contoso\",\
         \"consentProvidedForMinor\":null,\"country\":\"US\",\"createdDateTime\":\"2021-03-{day:02}T08:15:30Z\",\
         \"creationType\":null,\"department\":\"{department}\",\"displayName\":\"{given} {family}\",\
         \"employeeHireDate\":\"2021-03-{day:02}T00:00:00Z\",\"employeeId\":\"{number:08}\",\"employeeType\":\"Employee\",\
         \"employeeOrgData\":{{\"costCenter\":\"{cost}\",\"division\":\"{department}\"}},\"faxNumber\":null,\
         \"givenName\":\"{given}\",\"imAddresses\":[\"{name}@contoso.com\"],\"isResourceAccount\":null,\
         \"jobTitle\":\"Specialist {cost}\",\"mail\":\"{name}@contoso.com\",\"mailNickname\":\"{name}\",\
         \"mobilePhone\":null,\"officeLocation\":\"18/{cost}\",\"onPremisesDistinguishedName\":null,\
         \"onPremisesExtensionAttributes\":{{\"extensionAttribute1\":\"{cost}\",\"extensionAttribute2\":null,\
         \"extensionAttribute3\":null,\"extensionAttribute4\":null,\"extensionAttribute5\":null}},\
         \"onPremisesLastSyncDateTime\":null,\"onPremisesSyncEnabled\":null,\"otherMails\":[],\"passwordPolicies\":null,\
         \"postalCode\":\"{cost}98\",\"preferredLanguage\":\"en-US\",\
         \"proxyAddresses\":[\"SMTP:{name}@contoso.com\",\"smtp:{name}@contoso.onmicrosoft.com\"],\
         \"showInAddressList\":true,\"signInSessionsValidFromDateTime\":\"2021-03-{day:02}T08:15:30Z\",\
         \"state\":\"WA\",\"streetAddress\":\"{cost} Main Street\",\"surname\":\"{family}\",\"usageLocation\":\"US\",\
         \"userPrincipalName\":\"{name}@contoso.com\",\"userType\":\"Member\",\
         \"assignedLicenses\":[{{\"skuId\":\"{licence}\",\"disabledPlans\":[]}}],\
         \"identities\":[{{\"signInType\":\"userPrincipalName\",\"issuer\":\"contoso.onmicrosoft.com\",\
         \"issuerAssignedId\":\"{name}@contoso.com\"}}]}}",
        phone = number % 10_000,
        cost = number % 900,
    )
}

fn parse(criterion: &mut Criterion) {
    let mut sequence = Sequence(1);
    let objects: Vec<String> = (0..OBJECTS).map(|_| user(&mut sequence)).collect();
    let bytes: usize = objects.iter().map(String::len).sum();
    let mut group = criterion.benchmark_group("parse");
    group.throughput(Throughput::Bytes(bytes as u64));
    group.sample_size(20);
    let mut shredder = engine::content::Shredder::detached([7; 32]);
    group.bench_function("shredder", |bencher| {
        bencher.iter(|| {
            for object in &objects {
                shredder.push(object.as_bytes(), Some("user"), false).expect("generated objects are whole");
            }
            shredder.take()
        });
    });
    group.bench_function("serde_json map of raw values", |bencher| {
        bencher.iter(|| {
            for object in &objects {
                let map: BTreeMap<&str, &RawValue> = serde_json::from_str(object).expect("generated");
                black_box(map.len());
            }
        });
    });
    group.bench_function("blake3 of the raw text, each by itself", |bencher| {
        bencher.iter(|| {
            for object in &objects {
                black_box(blake3::keyed_hash(&[7; 32], object.as_bytes()));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, parse);
criterion_main!(benches);
