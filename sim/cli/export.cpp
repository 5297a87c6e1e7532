// SPDX-License-Identifier: Apache-2.0
#ifdef FLEXOR_TRAIN
#include "onnx/onnx.hpp"
#endif

#include <fmt/format.h>

#include <memory>

#include "code/error.hpp"
#include "command.hpp"
#include "network/atomic_file.hpp"

namespace flexor {

namespace {

struct ExportFlags {
  std::filesystem::path model, out, json;
};

void export_onnx(const ExportFlags& flags, const Context& context) {
#ifdef FLEXOR_TRAIN
  check_files({flags.model}, {flags.out, flags.json});
  const std::string bytes = to_onnx(load_network(flags.model));
  write_file(flags.out, bytes);
  fmt::print("{}: {} bytes\n", flags.out.string(), bytes.size());
  write_json(flags.json, context, {{"model", flags.model.string()}, {"out", flags.out.string()}, {"bytes", bytes.size()}});
#else
  (void)flags, (void)context;
  throw InputError("this flexor was built without ONNX; build it with -DFLEXOR_TRAIN=ON");
#endif
}

}  // namespace

void add_export(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<ExportFlags>();
  CLI::App* command = add_command(app, "export", "Write a network with decrypted weights as an ONNX model that gives the same integers.",
                                  "flexor export model/zoo/lenet5-small-0.4/model.flexor --out lenet5.onnx");
  command->add_option("model", flags->model, "model file")->required()->type_name("MODEL");
  command->add_option("--out", flags->out, "ONNX file to write")->required()->type_name("FILE");
  add_json(*command, flags->json);
  command->callback([flags, &context] { export_onnx(*flags, context); });
}

}  // namespace flexor
