#include "document_inserter.hpp"

#include "schema.hpp"

#include <array>

namespace logpipe::store {

result<document_inserter> document_inserter::prepare(database& store, store_layout const& layout, bool full_text) {
    document_inserter inserter;
    inserter.layout_ = &layout;
    inserter.reader_ = row_reader{layout};
    auto insert = store.prepare(insert_document(layout));
    if (!insert) return insert.error();
    inserter.insert_ = std::move(*insert);
    auto counts = rollups::prepare(store, layout);
    if (!counts) return counts.error();
    inserter.rollups_ = std::move(*counts);
    if (!full_text || !layout.has_texts()) return inserter;
    auto insert_texts = store.prepare(insert_full_text(layout));
    if (!insert_texts) return insert_texts.error();
    inserter.insert_texts_ = std::move(*insert_texts);
    return inserter;
}

result<bool> document_inserter::insert(database const& store, event_id id, std::int64_t received_ms,
                                       std::string_view document) {
    static_cast<void>(reader_.read(document, row_));  // what a document does not have is NULL
    std::array<char, event_id::text_bytes> id_text;
    id.write_text(id_text.data());

    insert_.bind(1, std::string_view{id_text.data(), id_text.size()});
    insert_.bind(2, received_ms);
    insert_.bind(3, row_.time_ms);
    int index = 4;
    for (auto const& value : row_.columns) bind_value(insert_, index++, value);
    insert_.bind(index, document);
    int const code = insert_.step();
    if (code != SQLITE_DONE) {
        auto const reason = store.failure(code, "inserting a document");
        insert_.reset();
        return reason;
    }
    bool const is_new = sqlite3_changes(store.handle()) != 0;
    insert_.reset();
    if (!is_new) return false;
    rollups_.add(row_, received_ms, sqlite3_last_insert_rowid(store.handle()));
    if (insert_texts_)
        if (auto done = insert_texts(store); !done) return done.error();
    return true;
}

result<> document_inserter::insert_texts(database const& store) {
    insert_texts_.bind(1, sqlite3_last_insert_rowid(store.handle()));
    int index = 2;
    for (auto const column : layout_->searched()) bind_value(insert_texts_, index++, row_.columns[column]);
    int const code = insert_texts_.step();
    auto done = code == SQLITE_DONE ? result<>{} : store.failure(code, "indexing a document's texts");
    insert_texts_.reset();
    return done;
}

}  // namespace logpipe::store
