// SPDX-License-Identifier: Apache-2.0
#include "report/item.hpp"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "code/error.hpp"

namespace flexor {

Item::Item(nlohmann::json value, std::string where) : value_(std::move(value)), where_(std::move(where)) {
  if (!value_.is_object()) throw InputError(fmt::format("{} is not a JSON object; write it with flexor and --json", where_));
}

const nlohmann::json* Item::find(std::string_view key) const {
  const auto it = value_.find(key);
  return it == value_.end() || it->is_null() ? nullptr : &*it;
}

void Item::refuse(std::string_view key, std::string_view problem) const {
  throw InputError(fmt::format("{}: \"{}\" {}; write the file again with flexor and --json", where_, key, problem));
}

std::optional<double> Item::maybe_number(std::string_view key) const {
  const auto* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) refuse(key, "is not a number");
  return value->get<double>();
}

std::optional<std::string> Item::maybe_text(std::string_view key) const {
  const auto* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) refuse(key, "is not a text");
  return value->get<std::string>();
}

double Item::number(std::string_view key) const {
  const auto value = maybe_number(key);
  if (!value) refuse(key, "is missing");
  return *value;
}

std::string Item::text(std::string_view key) const {
  auto value = maybe_text(key);
  if (!value) refuse(key, "is missing");
  return *std::move(value);
}

std::vector<Item> Item::items(std::string_view key) const {
  const auto* value = find(key);
  if (value == nullptr) refuse(key, "is missing");
  if (!value->is_array()) refuse(key, "is not a list");
  std::vector<Item> items;
  items.reserve(value->size());
  for (const auto& entry : *value) items.emplace_back(entry, fmt::format("{}, {}[{}]", where_, key, items.size()));
  return items;
}

std::optional<Item> Item::maybe_item(std::string_view key) const {
  const auto* value = find(key);
  if (value == nullptr) return std::nullopt;
  return Item(*value, fmt::format("{}, {}", where_, key));
}

std::vector<std::pair<std::string, std::string>> Item::pairs(std::string_view key) const {
  std::vector<std::pair<std::string, std::string>> pairs;
  const auto* value = find(key);
  if (value == nullptr) return pairs;
  if (!value->is_object()) refuse(key, "is not an object");
  for (const auto& [name, entry] : value->items()) pairs.emplace_back(name, entry.is_string() ? entry.get<std::string>() : entry.dump());
  return pairs;
}

ReportInput report_input(nlohmann::json value, std::string where) {
  Item data(std::move(value), std::move(where));
  std::istringstream command(data.text("command"));
  std::string program;
  std::string kind;
  command >> program >> kind;
  return {std::move(kind), std::move(data)};
}

ReportInput read_report_input(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream || std::filesystem::is_directory(file)) throw InputError(fmt::format("cannot read {}; check the path", file.string()));
  auto value = nlohmann::json::parse(stream, nullptr, false);
  if (value.is_discarded()) throw InputError(fmt::format("{} is not JSON; write it with flexor and --json", file.string()));
  return report_input(std::move(value), file.string());
}

}  // namespace flexor
