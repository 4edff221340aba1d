/* A partition of a topic that moves between two members of a consumer group, as src/ends/kafka does it: who may commit
   what. Members die, are taken for dead while they go on (zombies), and give the partition back before all is safe; the
   topic is deleted and made again with other events.

   A commit must never pass an event that is not in the store: nobody would read it again. docs/internals/delivery.md says
   which code each action stands for.

   tests/model/model_test.py checks it, and that each mutation (-D NAME) breaks it. */

#define MEMBERS  2
#define NOBODY   MEMBERS
#define EVENTS   3
#define VERSIONS 2
#define MOVES    4

/* ---- the brokers */
byte version = 0;                /* of the topic */
byte owner = NOBODY;             /* of the partition, as the coordinator sees it */
byte committed = 0;
byte committed_version = 0;
byte moves = 0;                  /* assignments so far; each has another number */

/* ---- the store: bits of offsets, by version */
byte stored[VERSIONS];

/* ---- each member */
typedef member_state {
    bool holds;                  /* believes that the partition is its own */
    bool drains;                 /* is to give it back */
    byte number;                 /* of the assignment */
    byte version;
    byte read_to, done_to;       /* done_to: the end of what is safe without a gap */
    /* What was read before the partition was given up, still on its way to the store */
    bool has_late;
    byte late_number, late_version, late_at, late_to;
};
member_state member[MEMBERS];

inline give_up(who) {
    if
    :: member[who].done_to < member[who].read_to && !member[who].has_late ->
        member[who].has_late = true;
        member[who].late_number = member[who].number;
        member[who].late_version = member[who].version;
        member[who].late_at = member[who].done_to;
        member[who].late_to = member[who].read_to
    :: else
    fi;
    member[who].holds = false;
    member[who].drains = false;
    member[who].read_to = 0;
    member[who].done_to = 0
}

/* partition_assignment: an assignment begins where the group is, under a number that is never used again. */
inline assign(who) {
    owner = who;
    moves++;
    member[who].holds = true;
    member[who].drains = false;
#ifdef NUMBER_USED_AGAIN
    member[who].number = 1;
#else
    member[who].number = moves;
#endif
    member[who].version = version;
    if
    :: committed_version == version -> member[who].read_to = committed
    :: else -> member[who].read_to = 0  /* the topic's id is another: what was committed does not hold */
    fi;
    member[who].done_to = member[who].read_to
}

/* offset_commits. The coordinator takes it only from the member that has the partition (its generation). */
inline commit(who, offset) {
    if
    :: owner == who ->
        committed = offset;
        committed_version = member[who].version;
        assert((stored[committed_version] & ((1 << committed) - 1)) == (1 << committed) - 1)
    :: else
    fi
}
proctype consume(byte me) {
end:
    do
    :: atomic { member[me].holds && !member[me].drains && member[me].read_to < EVENTS && member[me].version == version ->
        member[me].read_to++ }
    /* message_feed: an offset before the expected one, or another topic id: a new partition, from its beginning */
    :: atomic { member[me].holds && member[me].version != version && owner == me && moves < MOVES && !member[me].has_late ->
        give_up(me); assign(me) }
    :: atomic { member[me].holds && member[me].done_to < member[me].read_to ->
        stored[member[me].version] = stored[member[me].version] | (1 << member[me].done_to);
        member[me].done_to++ }
    /* ack_tracker: reports name the assignment; those of an earlier one move nothing */
    :: atomic { member[me].has_late ->
        stored[member[me].late_version] = stored[member[me].late_version] | (1 << member[me].late_at);
        member[me].late_at++;
        if
        :: member[me].holds && member[me].late_number == member[me].number && member[me].done_to < member[me].late_at ->
            member[me].done_to = member[me].late_at;
            if
            :: member[me].read_to < member[me].done_to -> member[me].read_to = member[me].done_to
            :: else
            fi
        :: else
        fi;
        if
        :: member[me].late_at == member[me].late_to ->
            member[me].has_late = false; member[me].late_number = 0; member[me].late_version = 0; member[me].late_at = 0; member[me].late_to = 0
        :: else
        fi }
#ifdef COMMIT_OF_READ
    :: atomic { member[me].holds -> commit(me, member[me].read_to) }
#else
    :: atomic { member[me].holds -> commit(me, member[me].done_to) }
#endif
    /* Drained, or --revoke-drain is over: the position of what is safe, then the partition goes back */
    :: atomic { member[me].drains && !member[me].has_late ->
#ifdef READ_COMMITTED_AT_REVOCATION
        commit(me, member[me].read_to);
#else
        commit(me, member[me].done_to);
#endif
        give_up(me);
        if
        :: owner == me -> owner = NOBODY
        :: else
        fi }
    /* It learns that its session is over: dropped at once */
    :: atomic { member[me].holds && owner != me && !member[me].has_late -> give_up(me) }
    /* kill -9: what was on its way is gone */
    :: atomic { moves < MOVES && (member[me].holds || member[me].has_late) ->
        give_up(me);
        member[me].has_late = false; member[me].late_number = 0; member[me].late_version = 0; member[me].late_at = 0; member[me].late_to = 0;
        member[me].number = 0; member[me].version = 0;
        if
        :: owner == me -> owner = NOBODY
        :: else
        fi }
    od
}

/* The coordinator, and who operates the topic. */
init {
    atomic { run consume(0); run consume(1) };
end:
    do
    :: atomic { owner == NOBODY && moves < MOVES && !member[0].holds -> assign(0) }
    :: atomic { owner == NOBODY && moves < MOVES && !member[1].holds -> assign(1) }
    :: atomic { owner < NOBODY && moves < MOVES -> member[owner].drains = member[owner].holds }
    :: atomic { owner < NOBODY && moves < MOVES -> owner = NOBODY }  /* a session ends; its member may go on */
    :: atomic { version < VERSIONS - 1 -> version++ }
    od
}
