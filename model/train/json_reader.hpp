// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace flexor {

/// Reads one JSON object key by key; what it cannot read it refuses with a sentence that begins with `where`.
class JsonReader {
 public:
  /// Throws InputError when `object` is no object.
  JsonReader(const nlohmann::json& object, std::string where);
  /// The number at `key`, or `otherwise`; refused outside low..high.
  double number(const std::string& key, double otherwise, double low, double high);
  int integer(const std::string& key, int otherwise, int low, int high);
  /// `count` whole numbers in brackets, or one number that stands for all of them.
  std::vector<int> integers(const std::string& key, const std::vector<int>& otherwise, std::size_t count, int low, int high);
  bool flag(const std::string& key, bool otherwise);
  std::string text(const std::string& key, const std::string& otherwise);
  /// Like text(), but the key must be there.
  std::string required_text(const std::string& key);
  /// The value at `key`, or none.
  const nlohmann::json* member(const std::string& key);
  /// Refuses keys that nobody asked for.
  void finish() const;
  [[noreturn]] void refuse(const std::string& complaint) const;
  [[nodiscard]] const std::string& where() const { return where_; }

 private:
  const nlohmann::json& object_;
  std::string where_;
  std::set<std::string> known_;
};

/// Parses a file. Throws InputError when it is missing or no JSON.
nlohmann::json read_json(const std::filesystem::path& file, const std::string& what);

/// The folder with networks/ and recipes/: model/train of FLEXOR_ROOT, or of the source tree.
std::filesystem::path training_folder();
/// A name becomes `folder`/NAME.json of training_folder(); what ends in .json is a path. Throws InputError that lists the shipped names.
std::filesystem::path find_description(const std::string& name, const std::string& folder, const std::string& what);
/// Names of the shipped files of `folder`, sorted.
std::vector<std::string> shipped_names(const std::string& folder);

}  // namespace flexor
