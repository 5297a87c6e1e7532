// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "code/code.hpp"
#include "compiler/pe_style.hpp"
#include "network/network.hpp"

// Prints every code that ships as JSON for scripts/formal.py: the nested code at every rate, the paper's two-tap draws at the trained
// rates, one dense code, plain binary, the wired code and what it is to the PE styles ecp5 and xc7, and each code in the model files named
// (a folder stands for every
// *.flexor file in it).
namespace {

void add(nlohmann::json& list, std::set<std::string>& seen, const flexor::Code& code) {
  const nlohmann::json item = {{"name", code.name}, {"n_in", code.n_in}, {"n_out", code.n_out}, {"rows", code.rows}};
  if (seen.insert(item.dump()).second) list.push_back(item);
}

// What an array of that style takes in place of the weights of `code`.
flexor::Code recoded(flexor::Code code, flexor::PeStyle style, const char* name) {
  std::vector<std::uint32_t> rows(code.rows.size(), 0);
  for (int j = 0; j < code.n_in; ++j) {
    std::uint32_t column = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) column |= (code.rows[i] >> j & 1U) << i;
    column = flexor::recode_slice(static_cast<int>(style), column);
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] |= (column >> i & 1U) << j;
  }
  code.name += name;
  code.rows = rows;
  return code;
}

std::vector<std::filesystem::path> model_files(int count, char** arguments) {
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < count; ++i) {
    if (!std::filesystem::is_directory(arguments[i])) {
      files.emplace_back(arguments[i]);
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(arguments[i])) {
      if (entry.path().extension() == ".flexor") files.push_back(entry.path());
    }
  }
  return files;
}

}  // namespace

int main(int argc, char** argv) try {
  nlohmann::json list = nlohmann::json::array();
  std::set<std::string> seen;
  for (int n = 1; n <= 20; ++n) add(list, seen, flexor::nested_code(n));
  for (const int n : {8, 12, 16, 20}) add(list, seen, flexor::random_tap_code(20, n, 2, 1));
  add(list, seen, flexor::dense_code(20, 12, 1));
  add(list, seen, flexor::identity_code(20));
  add(list, seen, flexor::wired_code());
  add(list, seen, recoded(flexor::wired_code(), flexor::PeStyle::Ecp5, "-ecp5"));
  add(list, seen, recoded(flexor::wired_code(), flexor::PeStyle::Xc7, "-xc7"));
  for (const auto& file : model_files(argc, argv)) {
    for (const flexor::Code& code : flexor::load_network(file).codes) add(list, seen, code);
  }
  std::cout << list.dump() << '\n';
  return std::cout.good() ? EXIT_SUCCESS : 2;
} catch (const std::exception& error) {
  std::cerr << "list_codes: " << error.what() << '\n';
  return 2;
}
