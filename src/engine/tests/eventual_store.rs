//! The eventually consistent store beyond what a scenario can say: every order of arrival, every tie, and what
//! gossip costs.

mod house;

use house::*;

/// Whatever the order of arrival and the source of stamps, and whichever rule decides ties: one store in the
/// end. Stamps that follow what was seen lose nothing to what it came after, whatever the clocks say.
#[test]
fn the_order_of_arrival_does_not_matter() {
    for seed in 1..=20 {
        for stamps in ["wall", "lamport", "hybrid"] {
            for tie in ["high", "low"] {
                let skewed =
                    if stamps == "wall" { "" } else { "node n2 offset=3s\nnode n3 offset=-1s\n" };
                holds(&format!(
                    "lamplight 1\n\
                     run eventual-store nodes=3 clients=3 stamps={stamps} tie={tie} seed={seed}\n\
                     net latency=1ms..200ms\n{skewed}\
                     load c1 put x rate=5/s to=2s\nload c2 put x rate=5/s to=2s\n\
                     load c3 put x rate=5/s to=2s\nload c3 delete x rate=1/s to=2s\n\
                     load c1 get x rate=5/s to=2s\nload c2 get x rate=5/s to=2s\n\
                     expect always GreatestStays\nexpect always NoCausalLoss\n\
                     expect always Converged\nexpect measure last divergence = 1\nuntil 6s\n"
                ));
            }
        }
    }
}

/// A flush costs n−1 messages and n−1 acknowledgements, whatever it carries.
#[test]
fn a_flush_costs_one_message_for_each_peer() {
    for n in 2..=8 {
        holds(&format!(
            "lamplight 1\nrun eventual-store nodes={n} clients=1 seed=1\n\
             at 0ms c1 put x 1\nat 10ms c1 put y 2\nat 20ms c1 put x 3\n\
             expect count sent Replicate = {0}\nexpect count sent ReplicateAck = {0}\n\
             expect sometimes applied times {1}\nexpect measure max apart = 110ms\nuntil 1s\n",
            n - 1,
            2 * (n - 1)
        ));
    }
}

/// With one peer drawn by lot the bound is 2⌈log₂ n⌉ + 4 periods, at every size and seed.
#[test]
fn gossip_keeps_its_bound() {
    for n in [2, 3, 5, 8, 16] {
        let rounds = 2 * u32::ilog2(2 * n - 1) + 4;
        for seed in 1..=20 {
            holds(&format!(
                "lamplight 1\n\
                 run eventual-store nodes={n} clients=1 spread=one anti-entropy=100ms retransmit=0ms seed={seed}\n\
                 at 0ms drop every Replicate * -> *\nat 0ms c1 put x 1\n\
                 expect measure last divergence = 1\nexpect measure max apart <= {}ms\nuntil 3s\n",
                rounds * 100 + 100
            ));
        }
    }
}

/// A wall clock gives no tick twice, however fast it is asked or however far it is set back.
#[test]
fn a_wall_clock_gives_no_stamp_twice() {
    holds(
        "lamplight 1\nrun eventual-store stamps=wall nodes=2 clients=1 seed=1\n\
         at 100ms c1 put x 1\nat 100ms c1 put x 2\nat 100ms c1 put x 3\n\
         at 101ms skew n1 by -50ms\nat 110ms c1 put x 4\nat 120ms c1 get x\n\
         at 130ms crash n1\nat 140ms restart n1\nat 150ms c1 put x 5\nat 160ms c1 get x\n\
         expect sometimes n1 wrote value=1 ts=100\nexpect sometimes n1 wrote value=2 ts=101\n\
         expect sometimes n1 wrote value=3 ts=102\nexpect sometimes n1 wrote value=4 ts=103\n\
         expect sometimes n1 wrote value=5 ts=104\nexpect answer c1 #5 ok 4\nexpect answer c1 #7 ok 5\n\
         expect always OneWritePerStamp\nuntil 1s\n",
    );
}

/// A delete that its disk had, a replica has known all along: an older value that comes back is seen to do so.
#[test]
fn a_restart_makes_no_delete_forgotten() {
    holds(
        "lamplight 1\nrun eventual-store nodes=2 clients=1 grace=300ms anti-entropy=500ms seed=1\n\
         net latency=10ms disk=1ms\nat 0ms c1 put k 1\nat 500ms isolate n2\nat 600ms c1 delete k\n\
         at 1500ms crash n1\nat 1600ms restart n1\nat 2s heal\n\
         expect broken DeletedStaysDeleted\nuntil 4s\n",
    );
}

/// Two keys may hold one value with one tick: who has read the one has not read the other.
#[test]
fn what_a_read_shows_is_of_its_key() {
    holds(
        "lamplight 1\nrun eventual-store nodes=3 clients=3 stamps=wall seed=1\nnet latency=10ms\n\
         node n3 offset=-3s\nat 6s c1 put x 1\nat 6s c2 put y 1\nat 6.5s c3 get y\n\
         at 6.6s c3 put y 2\nexpect answer c3 #1 ok 1\nexpect broken NoCausalLoss\nuntil 8s\n",
    );
}
