// SPDX-License-Identifier: Apache-2.0
// Sweep files: docs/training.md, "Sweeps".
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "code/error.hpp"
#include "train/json_reader.hpp"
#include "train/recipe.hpp"
#include "train/sweep.hpp"

namespace flexor {
namespace {

constexpr std::size_t kMostRuns = 100000;

// What may stand in the file itself and in its variants, which win.
void read_options(JsonReader& reader, TrainOptions& options) {
  const auto number = [&reader](const char* key, auto& value, int low, int high) {
    if (reader.member(key) != nullptr) value = reader.integer(key, low, low, high);
  };
  options.recipe = reader.text("recipe", options.recipe);
  options.network = reader.text("network", options.network);
  options.slice = reader.text("slice", options.slice);
  options.method = reader.text("method", options.method);
  options.code = reader.text("code", options.code);
  if (reader.member("code_seed") != nullptr) options.code_seed = static_cast<std::uint64_t>(reader.integer("code_seed", 1, 0, 1 << 30));
  number("epochs", options.epochs, 1, 100000);
  number("minibatch", options.batch, 2, 65536);
  if (reader.member("learning_rate") != nullptr) options.learning_rate = reader.number("learning_rate", 1, 1e-9, 100);
  if (reader.member("s_tanh") != nullptr) options.s_tanh = reader.number("s_tanh", 1, 1e-3, 1e6);
  options.augment = reader.flag("augment", options.augment);
  options.bfloat16 = reader.flag("bfloat16", options.bfloat16);
  options.integer_gradients = reader.flag("integer_gradients", options.integer_gradients);
  options.train_images = reader.integer("train_images", options.train_images, 0, 1 << 30);
  if (const nlohmann::json* rates = reader.member("layer_rates")) {
    JsonReader inner(*rates, reader.where() + ", layer_rates");
    for (const auto& [prefix, value] : rates->items()) options.layer_rates[prefix] = inner.number(prefix, 0, 0.05, 1);
  }
}

// A label as a part of a folder's name.
std::string plain(const std::string& label) {
  std::string name;
  for (const char c : label) {
    const bool word = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_';
    if (word) name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (!word && !name.empty() && name.back() != '-') name += '-';
  }
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name;
}

const nlohmann::json& list(JsonReader& reader, const std::string& key) {
  const nlohmann::json* given = reader.member(key);
  if (given == nullptr) reader.refuse(fmt::format("\"{}\" is missing", key));
  if (!given->is_array() || given->empty()) reader.refuse(fmt::format("\"{}\" must be a list in brackets with at least one entry", key));
  return *given;
}

std::vector<double> read_rates(JsonReader& reader) {
  std::vector<double> rates;
  for (const nlohmann::json& value : list(reader, "rates")) {
    if (!value.is_number()) reader.refuse("\"rates\" must hold numbers");
    rates.push_back(value.get<double>());
  }
  return rates;
}

std::vector<std::uint64_t> read_seeds(JsonReader& reader) {
  std::vector<std::uint64_t> seeds;
  for (const nlohmann::json& value : list(reader, "seeds")) {
    if (!value.is_number_unsigned()) reader.refuse("\"seeds\" must hold whole numbers, 0 or larger");
    seeds.push_back(value.get<std::uint64_t>());
  }
  return seeds;
}

// The variants; a file without them has one, which is the file's own options.
std::vector<SweepRun> read_variants(JsonReader& reader, const TrainOptions& options) {
  if (reader.member("variants") == nullptr) return {{reader.text("label", options.recipe), options}};
  std::vector<SweepRun> variants;
  for (const nlohmann::json& json : list(reader, "variants")) {
    JsonReader inner(json, fmt::format("{}, variant {}", reader.where(), variants.size() + 1));
    SweepRun variant{inner.required_text("label"), options};
    read_options(inner, variant.options);
    inner.finish();
    if (plain(variant.label).empty()) inner.refuse("\"label\" has no letters");
    variants.push_back(std::move(variant));
  }
  return variants;
}

}  // namespace

Sweep parse_sweep(const std::string& json, const std::string& where, const TrainOptions& common) {
  const nlohmann::json parsed = nlohmann::json::parse(json, nullptr, false);
  if (parsed.is_discarded()) throw InputError(where + ": it is not JSON; check its brackets and commas");
  JsonReader reader(parsed, where);
  Sweep sweep;
  sweep.name = reader.required_text("name");
  if (sweep.name != plain(sweep.name)) reader.refuse("\"name\" may have small letters, digits, dots, _ and - only");
  reader.text("about", "");
  TrainOptions options = common;
  reader.required_text("recipe");
  read_options(reader, options);
  const std::vector<SweepRun> variants = read_variants(reader, options);
  const std::vector<double> rates = read_rates(reader);
  const std::vector<std::uint64_t> seeds = read_seeds(reader);
  reader.finish();
  if (variants.size() * rates.size() * seeds.size() > kMostRuns) reader.refuse(fmt::format("these are more than {} runs", kMostRuns));
  for (const SweepRun& variant : variants) {
    const SliceShape slice = variant.options.slice.empty() ? SliceShape{} : parse_slice(variant.options.slice);
    for (const double rate : rates) {
      stored_bits(rate, slice);
      for (const std::uint64_t seed : seeds) {
        SweepRun run = variant;
        run.options.rate = rate;
        run.options.seed = seed;
        run.options.out = common.out / fmt::format("{}_{:g}_{}", plain(run.label), rate, seed);
        const auto same = [&run](const SweepRun& other) { return other.options.out == run.options.out; };
        if (std::any_of(sweep.runs.begin(), sweep.runs.end(), same)) {
          reader.refuse(fmt::format("two runs would be called {}; give every variant its own label, every rate and seed once",
                                    run.options.out.filename().string()));
        }
        sweep.runs.push_back(std::move(run));
      }
    }
  }
  return sweep;
}

Sweep load_sweep(const std::filesystem::path& file, const TrainOptions& common) {
  return parse_sweep(read_json(file, "sweep").dump(), fmt::format("sweep file '{}'", file.string()), common);
}

}  // namespace flexor
