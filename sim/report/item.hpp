// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flexor {

/// One JSON object with the name of where it stands, for messages. Every accessor throws InputError naming file and key.
class Item {
 public:
  Item(nlohmann::json value, std::string where);
  [[nodiscard]] double number(std::string_view key) const;
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] std::vector<Item> items(std::string_view key) const;
  /// Absent or null: nothing.
  [[nodiscard]] std::optional<double> maybe_number(std::string_view key) const;
  [[nodiscard]] std::optional<std::string> maybe_text(std::string_view key) const;
  [[nodiscard]] std::optional<Item> maybe_item(std::string_view key) const;
  /// Keys and values of the object `key`; empty when it is absent.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> pairs(std::string_view key) const;

 private:
  [[nodiscard]] const nlohmann::json* find(std::string_view key) const;
  [[noreturn]] void refuse(std::string_view key, std::string_view problem) const;

  nlohmann::json value_;
  std::string where_;
};

/// One file that a command wrote.
struct ReportInput {
  std::string kind;  ///< the subcommand that wrote it
  Item data;
};

/// The kind is the second word of "command". Throws InputError when there is none.
ReportInput report_input(nlohmann::json value, std::string where);

/// Throws InputError when the file is missing, is not JSON or does not tell its command.
ReportInput read_report_input(const std::filesystem::path& file);

}  // namespace flexor
