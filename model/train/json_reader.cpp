// SPDX-License-Identifier: Apache-2.0
#include "train/json_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "code/error.hpp"

namespace flexor {

JsonReader::JsonReader(const nlohmann::json& object, std::string where) : object_(object), where_(std::move(where)) {
  if (!object.is_object()) refuse("must be an object in braces");
}

void JsonReader::refuse(const std::string& complaint) const { throw InputError(where_ + ": " + complaint); }

const nlohmann::json* JsonReader::member(const std::string& key) {
  known_.insert(key);
  const auto found = object_.find(key);
  return found == object_.end() ? nullptr : &*found;
}

double JsonReader::number(const std::string& key, double otherwise, double low, double high) {
  const nlohmann::json* value = member(key);
  if (value == nullptr) return otherwise;
  if (!value->is_number()) refuse(fmt::format("\"{}\" must be a number", key));
  const auto found = value->get<double>();
  if (!(found >= low && found <= high)) refuse(fmt::format("\"{}\" is {:g}, but {:g} to {:g} are possible", key, found, low, high));
  return found;
}

int JsonReader::integer(const std::string& key, int otherwise, int low, int high) {
  const double found = number(key, otherwise, low, high);
  if (found != std::floor(found)) refuse(fmt::format("\"{}\" is {:g}, but it must be whole", key, found));
  return static_cast<int>(found);
}

std::vector<int> JsonReader::integers(const std::string& key, const std::vector<int>& otherwise, std::size_t count, int low, int high) {
  const nlohmann::json* value = member(key);
  if (value == nullptr) return otherwise;
  if (!value->is_array()) return std::vector<int>(count, integer(key, 0, low, high));
  if (value->size() != count) refuse(fmt::format("\"{}\" must be one number, or {} of them in brackets", key, count));
  std::vector<int> found;
  for (const nlohmann::json& one : *value) {
    const nlohmann::json object{{key, one}};
    found.push_back(JsonReader(object, where_).integer(key, 0, low, high));
  }
  return found;
}

bool JsonReader::flag(const std::string& key, bool otherwise) {
  const nlohmann::json* value = member(key);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) refuse(fmt::format("\"{}\" must be true or false", key));
  return value->get<bool>();
}

std::string JsonReader::text(const std::string& key, const std::string& otherwise) {
  const nlohmann::json* value = member(key);
  if (value == nullptr) return otherwise;
  if (!value->is_string()) refuse(fmt::format("\"{}\" must be a string", key));
  return value->get<std::string>();
}

std::string JsonReader::required_text(const std::string& key) {
  std::string found = text(key, "");
  if (found.empty()) refuse(fmt::format("\"{}\" is missing", key));
  return found;
}

void JsonReader::finish() const {
  for (const auto& [key, value] : object_.items()) {
    if (known_.contains(key)) continue;
    std::string names;
    for (const std::string& name : known_) names += (names.empty() ? "" : ", ") + name;
    refuse(fmt::format("there is no key \"{}\"; known are {}", key, names));
  }
}

nlohmann::json read_json(const std::filesystem::path& file, const std::string& what) {
  std::ifstream stream(file);
  if (!stream.is_open()) throw InputError(fmt::format("{} file '{}' cannot be read; check the path", what, file.string()));
  nlohmann::json json = nlohmann::json::parse(stream, nullptr, false, true);
  if (json.is_discarded()) throw InputError(fmt::format("{} file '{}' is not JSON; check its brackets and commas", what, file.string()));
  return json;
}

std::filesystem::path training_folder() {
  const char* root = std::getenv("FLEXOR_ROOT");
  return std::filesystem::path(root != nullptr ? root : FLEXOR_SOURCE_DIR) / "model/train";
}

std::vector<std::string> shipped_names(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(training_folder() / folder, ignored)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::filesystem::path find_description(const std::string& name, const std::string& folder, const std::string& what) {
  if (name.ends_with(".json")) return name;
  std::string known;
  for (const std::string& shipped : shipped_names(folder)) {
    if (shipped == name) return training_folder() / folder / (name + ".json");
    known += (known.empty() ? "" : ", ") + shipped;
  }
  throw InputError(fmt::format("there is no {} \"{}\"; give a .json file or choose one of: {}", what, name, known));
}

}  // namespace flexor
