#include "document_inserter.hpp"

#include "schema.hpp"

#include <array>

namespace logpipe::store {

result<document_inserter> document_inserter::prepare(database& store, bool full_text) {
    document_inserter inserter;
    auto insert = store.prepare(insert_document);
    if (!insert) return insert.error();
    inserter.insert_ = std::move(*insert);
    auto counts = rollups::prepare(store);
    if (!counts) return counts.error();
    inserter.rollups_ = std::move(*counts);
    if (!full_text) return inserter;
    auto insert_texts = store.prepare(insert_full_text);
    if (!insert_texts) return insert_texts.error();
    inserter.insert_texts_ = std::move(*insert_texts);
    return inserter;
}

result<bool> document_inserter::insert(database const& store, event_id id, std::int64_t received_ms,
                                       std::string_view document) {
    document_row row;
    static_cast<void>(reader_.read(document, row));  // what a document does not have is NULL
    std::array<char, event_id::text_bytes> id_text;
    id.write_text(id_text.data());

    insert_.bind(1, std::string_view{id_text.data(), id_text.size()});
    insert_.bind(2, received_ms);
    insert_.bind(3, row.time_ms);
    insert_.bind(4, row.response);
    insert_.bind(5, row.bytes);
    insert_.bind(6, row.remote_ip);
    insert_.bind(7, row.region);
    insert_.bind(8, row.request);
    insert_.bind(9, row.referrer);
    insert_.bind(10, row.agent);
    insert_.bind(11, document);
    int const code = insert_.step();
    if (code != SQLITE_DONE) {
        auto const why = store.failure(code, "inserting a document");
        insert_.reset();
        return why;
    }
    bool const is_new = sqlite3_changes(store.handle()) != 0;
    insert_.reset();
    if (!is_new) return false;
    rollups_.add(row, received_ms, sqlite3_last_insert_rowid(store.handle()));
    if (insert_texts_)
        if (auto done = insert_texts(store, row); !done) return done.error();
    return true;
}

result<> document_inserter::insert_texts(database const& store, document_row const& row) {
    insert_texts_.bind(1, sqlite3_last_insert_rowid(store.handle()));
    insert_texts_.bind(2, row.request);
    insert_texts_.bind(3, row.agent);
    insert_texts_.bind(4, row.referrer);
    int const code = insert_texts_.step();
    auto done = code == SQLITE_DONE ? result<>{} : store.failure(code, "indexing a document's texts");
    insert_texts_.reset();
    return done;
}

}  // namespace logpipe::store
