/* From a client's chunk to the store, over the journal: what may be acknowledged, committed and freed, and when.

   One process takes any of the actions whose guard holds, so all orders are tried; kills, power cuts and failed syncs
   come at any moment, MISHAPS of them. Where nothing is left to do, every acknowledged message has to be in the store or
   in the dead letters, once, and the ledger has to be 0. docs/internals/delivery.md says which code each action stands for.

   tests/model/model_test.py checks it, and that each mutation (-D NAME) breaks it. */

#ifndef MISHAPS
#define MISHAPS 2
#endif

/* Messages, each of one event. 0 and 1 have the same chunk id and other bytes (a client that reuses ids); 1 is rejected
   by the store. 2 and 3 have no chunk id, and are sent once: their ids are the journal's epoch and offset. */
#define MESSAGES  4
#define NOBODY    MESSAGES
#define has_id(m) (m < 2)
#define rejected_by_store(m) (m == 1)

/* Offsets. The second segment begins at ROTATE_AT. */
#define OFFSETS   6
#define ROTATE_AT 2
#define EPOCHS    4

/* ---- what is on disk, or in the cache of the kernel, which a kill leaves and a power cut may take */
byte frame[OFFSETS] = NOBODY;   /* message at each offset */
byte epoch_of[OFFSETS];
byte written = 0;               /* end of the frames */
byte synced = 0;                /* end of those that a power cut leaves */
byte freed = 0;                 /* offsets below are gone with their segment */
bool folder_synced = true;      /* the name of the second segment is on disk */
byte clean_from = OFFSETS;      /* frames from here on are marked clean by a failed sync, and are not on disk */
byte slot_position[2];          /* the cursor's two slots; its counts move with the position */
byte slot_sequence[2];
bool slot_whole[2] = true;
byte letter_written = 0;        /* bits of messages: dead letters */
byte letter_synced = 0;
byte stored[MESSAGES];          /* documents by message, not by id */
byte id_epoch[MESSAGES];        /* under which the documents of 2 and 3 are stored; 0: not */
byte id_offset[MESSAGES];

/* ---- memory of the process */
byte epoch = 1;
byte window = 0;                /* bits of messages whose frames are synced */
byte acks_due = 0;              /* bits of messages that wait for a sync */
byte read_to = 0;               /* by the reader */
byte done_to = 0;               /* stored, or durable as a dead letter */
byte cursor = 0;                /* in memory */
bool slot_busy = false;         /* half of a slot is written */
byte slot_next = 0;

/* ---- the clients, and the environment */
byte sent = 0, acked = 0;       /* bits of messages */
byte lost_by_disk = 0;          /* bits of messages that stood in what a disk lost though it was synced */
byte mishaps = 0;

#define bit(m) (1 << (m))
#define newest ((slot_whole[0] && (!slot_whole[1] || slot_sequence[0] > slot_sequence[1])) -> 0 : 1)
#define position_on_disk ((slot_whole[0] || slot_whole[1]) -> slot_position[newest] : 0)

byte i, m;

inline find_written(message) {   /* i: its offset, or `written` */
    i = synced;
    do
    :: i < written && frame[i] != message -> i++
    :: else -> break
    od
}

/* chunk_filter, chunk_window: a synced one is acked and dropped, a pending one waits for its sync. */
#ifdef WINDOW_WITHOUT_SUM
#define in_window(message) (has_id(message) && (window & 3))
#else
#define in_window(message) (has_id(message) && (window & bit(message)))
#endif

inline take(message) {
    sent = sent | bit(message);
    find_written(message);
    if
    :: in_window(message) -> acked = acked | bit(message)
    :: !in_window(message) && has_id(message) && i < written -> acks_due = acks_due | bit(message)
    :: else ->
        frame[written] = message;
        epoch_of[written] = epoch;
        if
        :: written == ROTATE_AT -> folder_synced = false
        :: else
        fi;
        written++;
        acks_due = acks_due | bit(message);
#ifdef ACK_BEFORE_SYNC
        acked = acked | bit(message)
#endif
    fi;
    i = 0
}

/* topic_writer::flush(): names first, then one fdatasync for all that wait. */
inline sync() {
#ifndef FOLDER_NOT_SYNCED
    folder_synced = true;
#endif
    synced = written;
    i = 0;
    do
    :: i < synced && frame[i] < NOBODY -> if :: has_id(frame[i]) -> window = window | bit(frame[i]) :: else fi; i++
    :: i < synced && frame[i] == NOBODY -> i++
    :: else -> break
    od;
    acked = acked | acks_due;
    acks_due = 0;
    i = 0
}

/* A failed fdatasync leaves pages marked clean: the held batches are written again behind the synced offset. Whoever only
   syncs again is told that all is well. */
inline fail_sync() {
    mishaps++;
#ifdef SYNC_AGAIN
    if
    :: synced < clean_from -> clean_from = synced
    :: else
    fi
#endif
}

/* The sink: `create` under the id, so a repeat finds its document. */
inline store_one(offset) {
    m = frame[offset];
    if
    :: m == NOBODY
    :: m < NOBODY && rejected_by_store(m) -> letter_written = letter_written | bit(m)
    :: m < NOBODY && !rejected_by_store(m) && has_id(m) -> stored[m] = 1
    :: else ->  /* the document of another event may have that id */
        if
        :: (id_epoch[2] == epoch_of[offset] && id_offset[2] == offset) || (id_epoch[3] == epoch_of[offset] && id_offset[3] == offset)
        :: else -> stored[m]++; id_epoch[m] = epoch_of[offset]; id_offset[m] = offset
        fi
    fi
}

inline cut_to(offset) {
    i = offset;
    do
    :: i < written -> frame[i] = NOBODY; i++
    :: else -> break
    od;
    written = offset;
    i = 0
}

/* recovery, topic_folder: what is there is synced before it is read; a new epoch; the window from the frames. */
inline start_again() {
    if
    :: slot_busy -> slot_whole[slot_next] = false; slot_busy = false
    :: else
    fi;
    acks_due = 0;
    letter_synced = letter_written;  /* the dead letters' journal is recovered in the same way */
    cursor = position_on_disk;
    assert(freed <= cursor);  /* else the ledger misses what was freed, or nobody has read it */
    slot_next = ((slot_whole[0] || slot_whole[1]) -> 1 - newest : 0);
    if
    :: written < cursor -> written = cursor
    :: else
    fi;
    folder_synced = true;
    clean_from = OFFSETS;
    window = 0;
#ifndef EPOCH_KEPT
    epoch++;
#endif
    synced = written;
    i = freed;
    do
    :: i < synced -> if :: frame[i] < NOBODY && has_id(frame[i]) -> window = window | bit(frame[i]) :: else fi; i++
    :: else -> break
    od;
    read_to = cursor;
    done_to = cursor;
    i = 0
}

/* Of what was acknowledged nothing is missing, and nothing is there twice. */
inline check() {
    m = 0;
    do
    :: m < MESSAGES ->
        assert(stored[m] <= 1);
        if
        :: !(acked & bit(m)) || (lost_by_disk & bit(m))
        :: else -> if :: rejected_by_store(m) -> assert(letter_synced & bit(m)) :: else -> assert(stored[m] == 1) fi
        fi;
        m++
    :: else -> break
    od;
    m = 0
}

#define is_quiet (synced == written && acks_due == 0 && done_to == synced && cursor == done_to && position_on_disk == cursor \
    && !slot_busy && letter_written == letter_synced)

init {
end:
    do
    :: d_step { is_quiet -> check() }

    /* ---- clients: a chunk with an id again until its ack arrives, one without once */
    :: atomic { written < OFFSETS - 1 && !(acked & 1) -> take(0) }
    :: atomic { written < OFFSETS - 1 && !(acked & 2) -> take(1) }
    :: atomic { written < OFFSETS - 1 && !(sent & 4) -> take(2) }
    :: atomic { written < OFFSETS - 1 && !(sent & 8) -> take(3) }
    :: atomic { (acked & 3) && mishaps < MISHAPS ->  /* an ack is lost with its connection */
        mishaps++;
        if :: acked & 1 -> acked = acked & ~1 :: acked & 2 -> acked = acked & ~2 fi }

    /* ---- group commit */
    :: atomic { synced < written || acks_due -> sync() }
    :: atomic { synced < written && mishaps < MISHAPS -> fail_sync() }

    /* ---- reader, sink, dead letters */
    :: atomic { read_to < synced -> read_to++ }
    :: d_step { done_to < read_to -> store_one(done_to);
#ifdef LETTER_AFTER_POSITION
        done_to++;
#else
        if
        :: letter_written != letter_synced
        :: else -> done_to++
        fi;
#endif
        m = 0 }
    :: atomic { letter_written != letter_synced -> letter_synced = letter_written }
#ifdef COMMIT_BEFORE_DONE
    :: atomic { cursor < read_to -> cursor = read_to }
#else
    :: atomic { cursor < done_to -> cursor = done_to }
#endif

    /* ---- cursor_file: the two slots in turn, in place; the newest whole one holds */
    :: atomic { !slot_busy && cursor > position_on_disk ->
#ifdef NEWER_SLOT_OVERWRITTEN
        slot_next = newest;
#endif
        slot_busy = true }
    :: atomic { slot_busy -> 
        slot_position[slot_next] = cursor;
        slot_sequence[slot_next] = slot_sequence[1 - slot_next] + 1;
        slot_whole[slot_next] = true;
        slot_next = 1 - slot_next;
        slot_busy = false }

    /* ---- retention: a segment behind the cursor that is on disk */
#ifdef FREE_BEFORE_CURSOR
    :: atomic { freed < ROTATE_AT && cursor >= ROTATE_AT && written > ROTATE_AT -> freed = ROTATE_AT }
#else
    :: atomic { freed < ROTATE_AT && position_on_disk >= ROTATE_AT && !slot_busy && written > ROTATE_AT -> freed = ROTATE_AT }
#endif

    /* ---- mishaps */
    :: atomic { mishaps < MISHAPS && epoch < EPOCHS -> mishaps++; start_again() }  /* kill -9 */
    :: atomic { mishaps < MISHAPS && epoch < EPOCHS -> mishaps++;                  /* power cut */
        letter_written = letter_synced;
        if
        :: cut_to(synced)
        :: clean_from == OFFSETS  /* the disk had them all the same */
        fi;
        if
        :: clean_from < written -> cut_to(clean_from)
        :: else
        fi;
        if
        :: !folder_synced && written > ROTATE_AT -> cut_to(ROTATE_AT)
        :: else
        fi;
        start_again() }
    :: atomic { mishaps < MISHAPS && epoch < EPOCHS && synced == written && synced > freed -> mishaps++;
        i = synced - 1;  /* damage: the newest frame is gone though it was synced */
        if
        :: frame[i] < NOBODY -> lost_by_disk = lost_by_disk | bit(frame[i])
        :: else
        fi;
        cut_to(synced - 1);
        start_again() }
    od
}
