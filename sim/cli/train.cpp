// SPDX-License-Identifier: Apache-2.0
#include "train/train.hpp"

#include <fmt/format.h>

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
  const int code = train_main(options);
  const Provenance from = load_network(options.out).provenance;
  write_json(json, context,
             {{"out", options.out.string()},
              {"network", options.network},
              {"rate", options.rate},
              {"seed", options.seed},
              {"epochs", from.epochs},
              {"accuracy", from.accuracy},
              {"float_accuracy", from.float_accuracy},
              {"data_checksum", from.data_checksum}});
  return code;
#else
  (void)options, (void)json, (void)context;
  throw InputError("this flexor was built without the trainer; build it with -DFLEXOR_TRAIN=ON and libtorch");
#endif
}

}  // namespace

void add_train(CLI::App& app, Context& context) {
  const auto options = std::make_shared<TrainOptions>();
  const auto json = std::make_shared<std::filesystem::path>();
  CLI::App* command = add_command(app, "train", "Train a network and write a model file.",
                                  "flexor train --network lenet5-small --rate 0.4 --data ~/mnist --out lenet5.flexor");
  command->add_option("--network", options->network, "which network")->capture_default_str()->type_name("NAME");
  command->add_option("--rate", options->rate, "stored bits per weight")->capture_default_str()->type_name("BITS");
  command->add_option("--method", options->method, "nearest (nearest codeword) or eq6 (the paper's gradient)")->capture_default_str();
  command->add_option("--code", options->code, "nested (shipped code) or tap2 (the paper's two random taps)")->capture_default_str();
  command->add_option("--code-seed", options->code_seed, "draw of a random code")->capture_default_str();
  command->add_option("--epochs", options->epochs)->capture_default_str()->type_name("N");
  command->add_option("--minibatch", options->batch, "images of one step")->capture_default_str()->type_name("N");
  command->add_option("--seed", options->seed)->capture_default_str()->type_name("N");
  command->add_option("--learning-rate", options->learning_rate, "peak of the schedule; 0: the method's own")->capture_default_str();
  command->add_flag("--augment,!--no-augment", options->augment, "random shift, rotation, scale and shear");
  command->add_flag("--bfloat16", options->bfloat16, "convolutions of the training step in bfloat16");
  command->add_option("--train-images", options->train_images, "use only the first images; 0: all")->capture_default_str()->type_name("N");
  command->add_option("--data", options->data, "folder with the data set")->required()->envname("FLEXOR_DATA")->type_name("DIR");
  command->add_option("--out", options->out, "model file to write")->required()->type_name("FILE");
  command->add_option("--log", options->log, "line per epoch; without it log.csv beside the model")->type_name("FILE");
  command->add_option("--checkpoint", options->checkpoint, "written every epoch")->type_name("FILE");
  command->add_flag("--quiet", options->quiet, "no lines per epoch");
  add_threads(*command, options->threads);
  add_json(*command, *json);
  command->callback([options, json, &context] { context.exit_code = train(*options, *json, context); });
}

}  // namespace flexor
