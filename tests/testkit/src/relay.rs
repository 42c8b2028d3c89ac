//! A road between a command and its API server on which a test decides how fast things go, and when nothing goes any more.
//! Knows bytes only: encryption passes through.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// Forwards connections to one server. Its threads end with the process.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    road: Arc<Road>,
}

#[derive(Debug)]
struct Road {
    server: String,
    delay: Duration,
    frozen: Mutex<bool>,
    thawed: Condvar,
    /// Bytes that went to the server, and that came back.
    carried: [AtomicU64; 2],
}

impl Relay {
    /// To `server`, a host and a port. Each request takes `delay` longer.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn to(server: &str, delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound listener");
        let road = Road {
            server: server.to_owned(),
            delay,
            frozen: Mutex::new(false),
            thawed: Condvar::new(),
            carried: Default::default(),
        };
        let road = Arc::new(road);
        let all = Arc::clone(&road);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // Whoever comes while the server is away sees a closed connection.
                drop(connect(&all, client));
            }
        });
        Self { address, road }
    }

    /// Where to connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Bytes so far: to the server, and back. Encrypted, with all that goes around them.
    pub fn carried(&self) -> [u64; 2] {
        [&self.road.carried[0], &self.road.carried[1]].map(|bytes| bytes.load(Ordering::Relaxed))
    }

    /// From now on nothing goes through, in either direction, and no connection ends.
    ///
    /// # Panics
    /// When a thread of the relay died.
    pub fn freeze(&self) {
        *self.road.frozen.lock().expect("no thread died") = true;
    }
}

fn connect(road: &Arc<Road>, client: TcpStream) -> io::Result<()> {
    let server = TcpStream::connect(&road.server)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (client_reads, server_writes, up) = (client.try_clone()?, server.try_clone()?, Arc::clone(road));
    thread::spawn(move || up.carry(client_reads, server_writes, up.delay, &up.carried[0]));
    let down = Arc::clone(road);
    thread::spawn(move || down.carry(server, client, Duration::ZERO, &down.carried[1]));
    Ok(())
}

impl Road {
    fn carry(&self, mut from: TcpStream, mut to: TcpStream, delay: Duration, count: &AtomicU64) {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(read) = from.read(&mut buffer) {
            if read == 0 {
                break;
            }
            thread::sleep(delay);
            self.pass();
            count.fetch_add(read as u64, Ordering::Relaxed);
            if to.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
        self.pass();
        // The other side may have gone already.
        drop(to.shutdown(Shutdown::Write));
    }

    /// Waits as long as the road is frozen.
    fn pass(&self) {
        let frozen = self.frozen.lock().expect("no thread died");
        drop(self.thawed.wait_while(frozen, |frozen| *frozen).expect("no thread died"));
    }
}
