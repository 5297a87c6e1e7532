// SPDX-License-Identifier: Apache-2.0
#include "train/recipe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "code/error.hpp"
#include "train/json_reader.hpp"

namespace flexor {
namespace {

Group read_group(JsonReader& recipe, const std::string& key, const Group& usual, Hyper& hyper) {
  const nlohmann::json* given = recipe.member(key);
  if (given == nullptr) return usual;
  JsonReader reader(*given, recipe.where() + ", " + key);
  Group group = usual;
  const std::string kind = reader.text("optimiser", usual.kind == Group::Kind::Adam ? "adam" : "momentum");
  if (kind != "adam" && kind != "momentum") reader.refuse(fmt::format("optimiser \"{}\" is unknown; choose adam or momentum", kind));
  group.kind = kind == "adam" ? Group::Kind::Adam : Group::Kind::Momentum;
  group.rate = reader.number("rate", usual.rate, 0, 100);
  group.momentum = reader.number("momentum", usual.momentum, 0, 0.9999);
  group.weight_decay = reader.number("weight_decay", usual.weight_decay, 0, 10);
  if (key == "latent") {
    hyper.latent_spread = reader.number("spread", hyper.latent_spread, 1e-9, 100);
    hyper.latent_box = reader.number("box", hyper.latent_box, 1e-9, 1e9);
    hyper.s_tanh = reader.number("s_tanh", hyper.s_tanh, 1e-3, 1e6);
    hyper.start_size = reader.number("start_size", hyper.start_size, 1e-9, 1e9);
    hyper.hardening = reader.number("hardening", hyper.hardening, 0, 1);
  } else if (key == "norm") {
    hyper.smallest_gain = reader.number("smallest_gain", hyper.smallest_gain, 1e-6, 1e6);
    hyper.largest_gain = reader.number("largest_gain", hyper.largest_gain, hyper.smallest_gain, 1e30);
  }
  reader.finish();
  return group;
}

std::optional<Augmentation> read_augmentation(JsonReader& recipe) {
  const nlohmann::json* given = recipe.member("augmentation");
  if (given == nullptr) return std::nullopt;
  JsonReader reader(*given, recipe.where() + ", augmentation");
  Augmentation changes{.crop = reader.integer("crop", 0, 0, 1000), .flip = reader.flag("flip", false)};
  changes.window = reader.integer("window", 0, 0, 100000);
  changes.window_share = reader.number("window_share", changes.window > 0 ? 1 : 0, 0, 1);
  changes.resized_crop = reader.number("resized_crop", 0, 0, 1);
  changes.shift = reader.number("shift", 0, 0, 1000);
  changes.rotation = reader.number("rotation", 0, 0, 3.2);
  changes.scale = reader.number("scale", 0, 0, 0.9);
  changes.shear = reader.number("shear", 0, 0, 10);
  reader.finish();
  const bool resampled = changes.shift > 0 || changes.rotation > 0 || changes.scale > 0 || changes.shear > 0;
  if (resampled && (changes.crop > 0 || changes.flip || changes.window > 0)) {
    reader.refuse("crop, flip and window cannot be combined with shift, rotation, scale and shear");
  }
  if (changes.resized_crop > 0 && (resampled || changes.crop > 0 || changes.window > 0)) {
    reader.refuse("resized_crop can only be combined with flip");
  }
  return changes;
}

// "dense@10" -> {"dense", 10}; without "@", N_out is that of a slice.
std::pair<std::string, int> split_code_name(const std::string& name, int slice) {
  const std::size_t at = name.find('@');
  if (at == std::string::npos) return {name, slice};
  int outputs = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + at + 1, end, outputs);
  if (error != std::errc() || stop != end || outputs < 1 || slice % outputs != 0) {
    throw InputError(fmt::format("code \"{}\" names no N_out that divides {}; give one like dense@{}", name, slice, slice / 2));
  }
  return {name.substr(0, at), outputs};
}

// The code of one block of a slice.
Code make_block(const std::string& name, const std::string& family, int n_out, int n_in, int slice, std::uint64_t seed) {
  if (family == "nested" && (n_out == slice || slice == 32)) return nested_code(n_in, n_out);
  if (family == "dense") return dense_code(n_out, n_in, seed);
  if (family == "plain" && n_out == slice) return identity_code(n_out);
  if (family == "wired" && n_out == wired_code().n_out) {
    Code code = wired_code();
    if (n_in != code.n_in) {
      throw InputError(fmt::format("code wired has a rate of 0.6 only, not {:g}; give --rate 0.6", static_cast<double>(n_in) / n_out));
    }
    return code;
  }
  const int taps = family == "tap2" ? 2 : family == "tap3" ? 3 : 0;
  if (taps == 0) {
    throw InputError(fmt::format(
        "there is no code \"{}\"; choose nested, wired (slices of 10x2), tap2, tap3, dense or plain, or tap2, tap3 or dense with another "
        "N_out: dense@10, or in slices of 16x2 nested@16 or nested@8",
        name));
  }
  if (n_in < taps) {
    throw InputError(fmt::format("code {} needs at least {} stored bits; give a rate of {:g} or more", name, taps == 2 ? "two" : "three",
                                 taps / static_cast<double>(n_out)));
  }
  return random_tap_code(n_out, n_in, taps, seed);
}

}  // namespace

Method parse_method(const std::string& name) {
  if (name == "nearest") return Method::Nearest;
  if (name == "eq6") return Method::Eq6;
  if (name == "straight") return Method::Straight;
  if (name == "analog") return Method::Analog;
  if (name == "real") return Method::Real;
  throw InputError(fmt::format("there is no training method \"{}\"; choose nearest, eq6, straight, analog or real", name));
}

int stored_bits(double rate, const SliceShape& slice) {
  const int n_out = slice.weights();
  const double bits = rate * n_out;
  const bool whole = std::abs(bits - std::round(bits)) <= 1e-6;
  if (!(bits >= 1 - 1e-9 && bits <= n_out + 1e-9) || (!whole && !slice.aligned())) {
    throw InputError(slice.aligned() ? fmt::format("rate {:g} is not possible; give one from 1/32 to 1.0", rate)
                                     : fmt::format("rate {:g} is not possible; give a multiple of 1/20 from 0.05 to 1.0", rate));
  }
  return static_cast<int>(std::lround(bits));
}

Code make_code(const std::string& name, double rate, std::uint64_t seed, const SliceShape& slice) {
  const auto [family, n_out] = split_code_name(name, slice.weights());
  const int copies = slice.weights() / n_out;
  const int stored = stored_bits(rate, slice);
  if (stored < copies || (stored % copies != 0 && !slice.aligned())) {
    throw InputError(fmt::format("rate {:g} is no whole number of stored bits for every {} weights of code {}; give another rate or N_out",
                                 rate, n_out, name));
  }
  std::vector<Code> blocks;
  for (int copy = 0; copy < copies; ++copy) {
    const int n_in = stored * (copy + 1) / copies - stored * copy / copies;
    blocks.push_back(make_block(name, family, n_out, n_in, slice.weights(), seed));
  }
  return block_code(blocks);
}

std::vector<Code> layer_codes(const Recipe& recipe, const NetworkSpec& spec, double rate) {
  for (const auto& [prefix, value] : recipe.rates) {
    const auto fits = [&prefix](const LayerSpec& layer) { return layer.name.starts_with(prefix); };
    if (std::none_of(spec.layers.begin(), spec.layers.end(), fits)) {
      throw InputError(fmt::format("no layer of {} has a name that begins with \"{}\"", spec.name, prefix));
    }
  }
  std::vector<Code> codes;
  for (const LayerSpec& layer : spec.layers) {
    double own = layer.rate > 0 ? layer.rate : rate;
    for (const auto& [prefix, value] : recipe.rates) {  // sorted, so a longer prefix comes later
      if (layer.name.starts_with(prefix)) own = value;
    }
    codes.push_back(make_code(recipe.code, own, recipe.code_seed, spec.slice));
  }
  return codes;
}

Recipe parse_recipe(const std::string& json, const std::string& where) {
  const nlohmann::json parsed = nlohmann::json::parse(json, nullptr, false);
  if (parsed.is_discarded()) throw InputError(where + ": it is not JSON; check its brackets and commas");
  JsonReader reader(parsed, where);
  Recipe recipe;
  recipe.name = reader.required_text("name");
  reader.text("about", "");
  recipe.network = reader.required_text("network");
  recipe.data = reader.required_text("data");
  recipe.hyper = usual_hyper(parse_method(reader.text("method", "nearest")));
  recipe.code = reader.text("code", recipe.code);
  recipe.code_seed = static_cast<std::uint64_t>(reader.integer("code_seed", 1, 0, 1 << 30));
  recipe.epochs = reader.integer("epochs", recipe.epochs, 1, 100000);
  recipe.batch = reader.integer("minibatch", recipe.batch, 2, 65536);
  recipe.warm_up_steps = reader.integer("warm_up_steps", 200, 1, 1 << 30);
  recipe.bfloat16 = reader.flag("bfloat16", false);
  recipe.hyper.integer_gradients = reader.flag("integer_gradients", false);
  recipe.quick_images = reader.integer("statistics_images", recipe.quick_images, 2, 1 << 30);
  recipe.final_images = reader.integer("final_statistics_images", recipe.final_images, 2, 1 << 30);
  recipe.test_images = reader.integer("test_images", 0, 0, 1 << 30);
  recipe.hyper.latent = read_group(reader, "latent", recipe.hyper.latent, recipe.hyper);
  recipe.hyper.digit = read_group(reader, "digit", recipe.hyper.digit, recipe.hyper);
  recipe.hyper.norm = read_group(reader, "norm", recipe.hyper.norm, recipe.hyper);
  recipe.augmentation = read_augmentation(reader);
  if (const nlohmann::json* teacher = reader.member("teacher")) {
    JsonReader inner(*teacher, where + ", teacher");
    recipe.teacher_share = inner.number("share", recipe.teacher_share, 0, 1);
    recipe.teacher_temperature = inner.number("temperature", recipe.teacher_temperature, 0.01, 1000);
    inner.finish();
  }
  if (const nlohmann::json* rates = reader.member("rates")) {
    JsonReader inner(*rates, where + ", rates");
    for (const auto& [prefix, value] : rates->items()) recipe.rates[prefix] = inner.number(prefix, 0, 0.05, 1);
  }
  reader.finish();
  return recipe;
}

Recipe load_recipe(const std::string& name) {
  const std::filesystem::path file = find_description(name, "recipes", "recipe");
  return parse_recipe(read_json(file, "recipe").dump(), fmt::format("recipe file '{}'", file.string()));
}

}  // namespace flexor
