// What all audited places have in common.
#pragma once

#include "audit/audit.hpp"

#include <functional>
#include <string>
#include <utility>

namespace logpipe::audit {

using each_sighting = std::function<result<>(audited_place::sighting const&)>;

class named_place : public audited_place {
  public:
    named_place(std::string name, place_kind kind) : name_{std::move(name)}, kind_{kind} {}
    std::string const& name() const final { return name_; }
    place_kind kind() const final { return kind_; }

  private:
    std::string const name_;
    place_kind const kind_;
};

}  // namespace logpipe::audit
