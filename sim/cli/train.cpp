// SPDX-License-Identifier: Apache-2.0
#include "train/train.hpp"

#include <fmt/format.h>

#include <charconv>
#include <memory>

#include "code/error.hpp"
#include "command.hpp"
#include "interrupt.hpp"

namespace flexor {

namespace {

int train(TrainOptions& options, const std::filesystem::path& json, const Context& context) {
#ifdef FLEXOR_TRAIN
  options.tool_version = kVersion;
  end_on_interrupt();  // the trainer writes whole files only, so it may be stopped at any time
  const TrainResult result = train_main(options);
  if (!writes_results()) return 0;
  const Provenance& from = result.provenance;
  write_json(json, context,
             {{"out", (std::filesystem::exists(model_file(options)) ? model_file(options) : options.out).string()},
              {"recipe", options.recipe},
              {"network", result.network},
              {"rate", options.rate},
              {"seed", options.seed},
              {"epochs", from.epochs},
              {"accuracy", from.accuracy},
              {"float_accuracy", from.float_accuracy},
              {"data_checksum", from.data_checksum}});
  return 0;
#else
  (void)options, (void)json, (void)context;
  throw InputError("this flexor was built without the trainer; build it with -DFLEXOR_TRAIN=ON and libtorch");
#endif
}

// "PREFIX=BITS"
void add_layer_rate(const std::string& words, TrainOptions& options) {
  const auto sign = words.find('=');
  double rate = 0;
  const char* first = words.data() + std::min(sign, words.size() - 1) + 1;
  const auto [end, error] = std::from_chars(first, words.data() + words.size(), rate);
  if (sign == std::string::npos || sign == 0 || error != std::errc() || end != words.data() + words.size()) {
    throw InputError(fmt::format("--layer-rate takes a layer's name and a rate, as in stage1=0.6, not '{}'", words));
  }
  options.layer_rates[words.substr(0, sign)] = rate;
}

}  // namespace

void add_train(CLI::App& app, Context& context) {
  const auto options = std::make_shared<TrainOptions>();
  const auto json = std::make_shared<std::filesystem::path>();
  const auto layer_rates = std::make_shared<std::vector<std::string>>();
  CLI::App* command = add_command(app, "train", "Train a network by a recipe and write a model file.",
                                  "flexor train --recipe resnet20-cifar10 --rate 0.4 --seed 1 --data ~/data --out run");
  command->add_option("--recipe", options->recipe, "how to train: a name of model/train/recipes or a .json file")
      ->capture_default_str()
      ->type_name("NAME");
  command->add_option("--network", options->network, "another network: a name of model/train/networks or a .json file")->type_name("NAME");
  command->add_option("--slice", options->slice, "inputs x channels that share stored bits: 10x2 or 16x2; without it the network's")
      ->type_name("SHAPE");
  command->add_option("--rate", options->rate, "stored bits per weight")->capture_default_str()->type_name("BITS");
  command->add_option("--layer-rate", *layer_rates, "another rate for layers whose name begins so: stage1=0.6; may be repeated")
      ->type_name("PREFIX=BITS");
  command
      ->add_option("--method", options->method,
                   "nearest (nearest codeword), eq6 (the paper's gradient), its ablations straight and analog, or real (no code)")
      ->type_name("NAME");
  command
      ->add_option("--code", options->code,
                   "nested (shipped code), wired (rate 0.6: of an engine fixed at elaboration), tap2 (the paper's two random taps), tap3, "
                   "dense, plain, or with "
                   "another N_out: dense@10; in slices of 16x2 nested@16, nested@8")
      ->type_name("NAME");
  command->add_option("--code-seed", options->code_seed, "draw of a random code")->type_name("N");
  add_checkpoints(*command, options->start, options->teacher);
  command->add_option("--epochs", options->epochs)->type_name("N");
  command->add_option("--minibatch", options->batch, "images of one step")->type_name("N");
  command->add_option("--seed", options->seed)->capture_default_str()->type_name("N");
  command->add_option("--learning-rate", options->learning_rate, "peak of the schedule of encrypted weights")->type_name("RATE");
  command->add_option("--s-tanh", options->s_tanh, "slope of equation 6 and its ablations")->type_name("S");
  command->add_flag("--augment,!--no-augment", options->augment, "change training images at random, as the recipe says");
  command->add_flag("--bfloat16", options->bfloat16, "convolutions of the training step in bfloat16");
  command->add_flag("--integer-gradients", options->integer_gradients,
                    "gradients of 3x3 convolutions in integers of 16 bits: for processors without bfloat16");
  command->add_option("--device", options->device, "cpu or cuda")->capture_default_str()->type_name("NAME");
  command->add_option("--train-images", options->train_images, "use only the first images; 0: all")->capture_default_str()->type_name("N");
  command->add_option("--data", options->data, "folder with the data set")->required()->envname("FLEXOR_DATA")->type_name("DIR");
  command->add_option("--out", options->out, "folder of the run, or a model file that ends in .flexor")->required()->type_name("PATH");
  command->add_flag("--resume", options->resume, "only go on from the folder's checkpoint; without it one that is there is continued");
  command->add_option("--log", options->log, "line per epoch; without it metrics.csv in the folder")->type_name("FILE");
  command->add_option("--checkpoint", options->checkpoint, "written every epoch; without it checkpoint.pt in the folder")
      ->type_name("FILE");
  command->add_flag("--quiet", options->quiet, "no lines per epoch");
  command
      ->add_option("--peer-patience", options->peer_patience,
                   "seconds that the other processes of a data-parallel run (RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT) have to come")
      ->capture_default_str()
      ->type_name("SECONDS")
      ->check(CLI::Range(1, 86400).description(""));
  command->add_option("--workers", options->workers, "threads that decode and change training images beside --threads")
      ->capture_default_str()
      ->type_name("N")
      ->check(CLI::Range(1, 256).description(""));
  add_threads(*command, options->threads);
  add_json(*command, *json);
  command->callback([options, layer_rates, json, &context] {
    for (const std::string& words : *layer_rates) add_layer_rate(words, *options);
    context.exit_code = train(*options, *json, context);
  });
}

}  // namespace flexor
