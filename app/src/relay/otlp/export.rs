//! What is exported, and how much of it may wait.

use super::super::config::Config;
use super::collector::Collector;
use crate::exit::{Exit, Failure, Outcome};
use opentelemetry::trace::TracerProvider;
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{LogExporter, Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::net::SocketAddr;
use std::time::Duration;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

/// How long the end of the relay waits for a collector.
const END_WAIT: Duration = Duration::from_secs(2);

/// Log and spans on their way to a collector. Each has a thread of its own and a queue of 2,048: what does not
/// fit is dropped, and the relay waits for neither.
#[derive(Debug)]
pub(crate) struct Export {
    log: SdkLoggerProvider,
    spans: SdkTracerProvider,
}

/// Begins to export, if the settings want it.
pub(crate) fn start(config: &Config) -> Outcome<Option<Export>> {
    let Some(address) = config.address("otlp.address") else { return Ok(None) };
    export(address).map(Some).map_err(|error| {
        let message = format!("otlp.address: {address}: {error}");
        Failure::new(Exit::Failure, "otlp", message)
    })
}

fn export(address: SocketAddr) -> Result<Export, opentelemetry_otlp::ExporterBuildError> {
    // Not what the environment says of this machine: an operator may not know that it would be sent.
    let resource = Resource::builder_empty()
        .with_service_name("chappe-relay")
        .with_attribute(opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let collector = Collector::new(address);
    let log = LogExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("http://{address}/v1/logs"))
        .with_http_client(collector.clone())
        .build()?;
    let spans = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("http://{address}/v1/traces"))
        .with_http_client(collector)
        .build()?;
    let log = SdkLoggerProvider::builder()
        .with_resource(resource.clone())
        .with_batch_exporter(log)
        .build();
    let spans =
        SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(spans).build();
    Ok(Export { log, spans })
}

/// What hands lines of the log and spans to it.
pub(crate) fn layer<S>(export: Option<&Export>) -> Option<Box<dyn Layer<S> + Send + Sync>>
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    let Export { log, spans } = export?;
    let spans = tracing_opentelemetry::layer()
        .with_tracer(spans.tracer("chappe"))
        .with_location(false)
        .with_threads(false);
    Some(Box::new(OpenTelemetryTracingBridge::new(log).and_then(spans)))
}

impl Export {
    /// Sends what waits, if the collector takes it soon.
    pub(crate) fn end(self) {
        // A collector that is away was told of when it went.
        drop(self.spans.shutdown_with_timeout(END_WAIT));
        drop(self.log.shutdown_with_timeout(END_WAIT));
    }
}
