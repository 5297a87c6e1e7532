// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <optional>
#include <string>

#include "train/augment.hpp"
#include "train/encrypted_layer.hpp"
#include "train/trainable.hpp"

namespace flexor {

/// How a network is trained: a file of model/train/recipes (docs/training.md, "Recipes").
struct Recipe {
  std::string name;
  std::string network;  ///< a name or file that network_spec() takes
  std::string data;     ///< a name that load_dataset() takes
  std::string code = "nested";
  std::uint64_t code_seed = 1;
  int epochs = 20;
  int batch = 128;
  double warm_up_steps = 200;
  bool bfloat16 = false;
  Hyper hyper;
  std::optional<Augmentation> augmentation;
  double teacher_share = 0.5;  ///< of the loss, where a run has a teacher
  double teacher_temperature = 4;
  std::map<std::string, double> rates;  ///< stored bits per weight of layers whose name begins so
  int quick_images = 2000;              ///< that batch-norm statistics are gathered from between epochs
  int final_images = 10000;             ///< and at the end
  int test_images = 0;                  ///< of an evaluation between epochs; 0: all
};

/// A shipped name or a .json file. Throws InputError: unknown name, or one sentence about the file.
Recipe load_recipe(const std::string& name);
/// Reads a description; `where` begins every complaint.
Recipe parse_recipe(const std::string& json, const std::string& where);
/// "nearest", "eq6", "straight", "analog" or "real". Throws InputError for another word.
Method parse_method(const std::string& name);
/// Stored bits of a slice at a rate. Throws InputError unless it is a multiple of 1/20 in 0.05..1; in slices of 16x2 the nearest whole
/// number of 32, at least 1 and at most 32.
int stored_bits(double rate, const SliceShape& slice = {});
/// The code of one rate: "nested", "tap2", "tap3", "dense" or "plain" (no encryption, 1 bit), or with "@N_OUT" blocks of fewer weights that
/// share the stored bits of a slice as evenly as they can. Throws InputError for another word.
Code make_code(const std::string& name, double rate, std::uint64_t seed, const SliceShape& slice = {});
/// The code of every layer: its own rate, else that of the longest prefix in recipe.rates, else `rate`. Throws InputError when a prefix
/// fits no layer.
std::vector<Code> layer_codes(const Recipe& recipe, const NetworkSpec& spec, double rate);

}  // namespace flexor
