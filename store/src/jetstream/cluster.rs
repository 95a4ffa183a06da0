//! The connection and the stream.

use super::limits::{
    ANSWER_TIMEOUT, CONNECT_PAUSE_MAX, MESSAGE_HEADERS_OCTETS, MESSAGE_OCTETS_MAX, RETRY_PAUSE,
};
use super::options::JetStreamOptions;
use super::refusal::ClusterRefusal;
use crate::error::StoreError;
use async_nats::ConnectOptions;
use async_nats::jetstream::context::{Context, ContextBuilder, CreateStreamError};
use async_nats::jetstream::stream;
use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Where the stream keeps the log's identity.
const IDENTITY: &str = "chappe-identity";

/// The stream without what was known of it when it was looked up.
pub(super) type Stream = stream::Stream<()>;

/// What a store has of the cluster.
#[derive(Debug, Clone)]
pub(super) struct Cluster {
    pub(super) context: Context,
    pub(super) stream: Stream,
    pub(super) name: String,
    pub(super) subject: String,
    pub(super) identity: u64,
    /// Octets a message may have.
    pub(super) message_octets: usize,
}

/// An error of the cluster, under the name of what it was about.
pub(super) fn failed<E>(doing: &'static str, name: &str) -> impl FnOnce(E) -> StoreError
where
    E: std::error::Error + Send + Sync + 'static,
{
    let name = name.to_owned();
    move |error| StoreError::io(doing, &name)(std::io::Error::other(error))
}

impl Cluster {
    /// Connects; makes the stream when there is none. Tries until the time is over.
    pub(super) async fn open(options: &JetStreamOptions) -> Result<Self, StoreError> {
        let now = Instant::now();
        let end = now.checked_add(options.open_timeout).unwrap_or(now);
        let context = loop {
            match connect(options).await {
                Ok(context) => break context,
                // No waiting mends a wrong password.
                Err(error) if is_refusal(&error) || Instant::now() >= end => return Err(error),
                Err(_) => sleep(RETRY_PAUSE).await,
            }
        };
        loop {
            match Self::find(context.clone(), options).await {
                Ok(cluster) => return Ok(cluster),
                Err(error) if Instant::now() >= end => return Err(error),
                Err(_) => sleep(RETRY_PAUSE).await,
            }
        }
    }

    async fn find(context: Context, options: &JetStreamOptions) -> Result<Self, StoreError> {
        let name = options.stream();
        let identity = match context.get_stream(&name).await {
            Ok(stream) => identity_of(stream.cached_info()),
            Err(_) => match context.create_stream(stream_config(options)).await {
                Ok(stream) => identity_of(stream.cached_info()),
                // Another relay may have been faster, with another identity.
                Err(error) => match context.get_stream(&name).await {
                    Ok(stream) => identity_of(stream.cached_info()),
                    Err(_) => return Err(not_made(&name, error)),
                },
            },
        }
        .ok_or_else(|| StoreError::StrangeFile { name: name.clone() })?;
        let stream =
            context.get_stream_no_info(&name).await.map_err(failed("find the stream", &name))?;
        let payload = context.client().server_info().max_payload;
        let message_octets = payload.saturating_sub(MESSAGE_HEADERS_OCTETS).min(MESSAGE_OCTETS_MAX);
        let subject = options.subject();
        Ok(Self { context, stream, name, subject, identity, message_octets })
    }

    /// The first and the last place of the stream; the first is behind the last when it is empty.
    pub(super) async fn ends(&self) -> Result<(u64, u64), StoreError> {
        let info = self.stream.get_info().await.map_err(failed("look at", &self.name))?;
        if identity_of(&info) != Some(self.identity) {
            // Somebody deleted it and made another.
            return Err(StoreError::StrangeFile { name: self.name.clone() });
        }
        Ok((info.state.first_sequence, info.state.last_sequence))
    }
}

async fn connect(options: &JetStreamOptions) -> Result<Context, StoreError> {
    let servers = "the cluster";
    let mut connect = ConnectOptions::new()
        .name(&options.label)
        .ignore_discovered_servers()
        .max_reconnects(None)
        .connection_timeout(ANSWER_TIMEOUT)
        .request_timeout(Some(ANSWER_TIMEOUT))
        .ping_interval(ANSWER_TIMEOUT)
        .subscription_capacity(1 << 16)
        .reconnect_delay_callback(|attempts| {
            Duration::from_millis(u64::try_from(attempts).unwrap_or(u64::MAX).saturating_mul(20))
                .min(CONNECT_PAUSE_MAX)
        });
    if let Some((user, file)) = &options.login {
        let password = std::fs::read_to_string(file)
            .map_err(StoreError::io("read", &file.display().to_string()))?;
        connect = connect.user_and_password(user.clone(), password.trim_end().to_owned());
    }
    if let Some(file) = &options.root_certificates {
        connect = connect.add_root_certificates(file.clone());
    }
    if let Some((certificate, key)) = &options.client_certificate {
        connect = connect.add_client_certificate(certificate.clone(), key.clone());
    }
    let client =
        connect.connect(options.servers.as_slice()).await.map_err(
            |error| match ClusterRefusal::of(&error) {
                Some(refusal) => failed("connect to", servers)(refusal),
                None => failed("connect to", servers)(error),
            },
        )?;
    Ok(ContextBuilder::new().timeout(ANSWER_TIMEOUT).build(client))
}

fn not_made(name: &str, error: CreateStreamError) -> StoreError {
    let doing = "make the stream";
    match ClusterRefusal::of_stream(&error) {
        Some(refusal) => failed(doing, name)(refusal),
        None => failed(doing, name)(error),
    }
}

fn is_refusal(error: &StoreError) -> bool {
    let StoreError::Io { source, .. } = error else { return false };
    source.get_ref().is_some_and(|source| source.is::<ClusterRefusal>())
}

fn stream_config(options: &JetStreamOptions) -> stream::Config {
    let identity = RandomState::new().hash_one(std::process::id());
    stream::Config {
        name: options.stream(),
        subjects: vec![options.subject()],
        retention: stream::RetentionPolicy::Limits,
        storage: stream::StorageType::File,
        num_replicas: usize::from(options.replicas),
        max_age: options.expiry,
        // Full means refused, not forgotten.
        discard: stream::DiscardPolicy::New,
        duplicate_window: Duration::from_secs(120).min(if options.expiry.is_zero() {
            Duration::MAX
        } else {
            options.expiry
        }),
        allow_direct: true,
        deny_delete: true,
        metadata: HashMap::from([(IDENTITY.to_owned(), format!("{identity:016x}"))]),
        ..stream::Config::default()
    }
}

fn identity_of(info: &stream::Info) -> Option<u64> {
    u64::from_str_radix(info.config.metadata.get(IDENTITY)?, 16).ok()
}
