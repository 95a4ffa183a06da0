//! What is said to all who share the log and stored by nobody (spec/15-store.md, "What is said").

use super::batch::{self, Header};
use super::cluster::Cluster;
use super::limits::RETRY_PAUSE;
use super::reads::Reads;
use crate::store::StoreEvent;
use futures_util::StreamExt;
use std::rc::Rc;
use tokio::sync::mpsc;
use tokio::time::sleep;

/// "Of number 0": in the stream they begin with 1.
const NUMBER: u64 = 0;

/// Says what the store is given to say. While the cluster is away it waits, and what comes meanwhile finds no room.
pub(super) async fn tell(cluster: Cluster, writer: u64, mut said: mpsc::Receiver<Vec<u8>>) {
    let (client, subject) = (cluster.context.client(), subject(&cluster));
    while let Some(octets) = said.recv().await {
        let header = Header { writer, number: NUMBER };
        let message = batch::encode(cluster.identity, header, std::iter::once(&octets[..]));
        // Nobody is told of what is lost: "it may get lost".
        match client.publish(subject.clone(), message.into()).await {
            Ok(()) | Err(_) => {}
        }
    }
}

/// Tells what the others say.
pub(super) async fn hear(cluster: Cluster, own: u64, reads: Rc<Reads>) {
    let client = cluster.context.client();
    loop {
        if let Ok(mut heard) = client.subscribe(subject(&cluster)).await {
            while let Some(message) = heard.next().await {
                let Some((header, records)) = batch::parse(cluster.identity, &message.payload)
                else {
                    continue;
                };
                if header.writer != own {
                    records.iter().for_each(|octets| reads.tell(StoreEvent::Said(octets.to_vec())));
                }
            }
        }
        sleep(RETRY_PAUSE).await;
    }
}

fn subject(cluster: &Cluster) -> String {
    format!("{}.live", cluster.subject)
}
