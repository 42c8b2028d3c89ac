//! Signals. Owns the way from SIGINT and SIGTERM to a run that stops in order; must not end the process.

use tokio::sync::watch;

use super::event::Signal;

/// Tells a run whether it was asked to stop. Cheap to clone; all clones see the same signal.
#[derive(Debug, Clone)]
pub struct Interrupt {
    signal: watch::Receiver<Option<Signal>>,
}

/// Raises what an [`Interrupt`] sees.
#[derive(Debug)]
pub struct Raise {
    signal: watch::Sender<Option<Signal>>,
}

impl Interrupt {
    /// A pair of both ends.
    pub fn channel() -> (Raise, Self) {
        let (sender, receiver) = watch::channel(None);
        (Raise { signal: sender }, Self { signal: receiver })
    }

    /// Listens to the process's signals. Needs a running runtime.
    pub fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let (raise, receiver) = Self::channel();
        tokio::spawn(async move {
            let first = tokio::select! {
                _ = interrupt.recv() => Signal::Interrupt,
                _ = terminate.recv() => Signal::Terminate,
            };
            raise.raise(first);
            // The sender must outlive the run: a closed channel would look like no signal at all.
            std::future::pending::<()>().await;
        });
        Ok(receiver)
    }

    /// The signal that came, if one did.
    pub fn signal(&self) -> Option<Signal> {
        *self.signal.borrow()
    }

    /// Ends when a signal comes; never if none does.
    pub async fn raised(&self) -> Signal {
        let mut signal = self.signal.clone();
        loop {
            if let Some(signal) = *signal.borrow_and_update() {
                return signal;
            }
            if signal.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

impl Raise {
    /// Asks every run that holds the other end to stop. The first signal counts.
    pub fn raise(&self, signal: Signal) {
        self.signal.send_if_modified(|now| {
            let first = now.is_none();
            if first {
                *now = Some(signal);
            }
            first
        });
    }
}
