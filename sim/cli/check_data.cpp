// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <map>
#include <memory>
#include <set>

#include "code/error.hpp"
#include "command.hpp"
#include "data/image_folder.hpp"
#include "data/picture_file.hpp"
#include "interrupt.hpp"
#include "progress.hpp"
#include "table.hpp"

namespace flexor {

namespace {

constexpr int kMostNamed = 10;
constexpr Shape kAnyShape{64, 64, 3};  // image folders only keep it

struct CheckDataFlags {
  std::string name;
  std::filesystem::path folder, json;
};

// What one part of a data set holds.
struct PartReport {
  int images = 0, damaged = 0;
  std::map<std::string, int> kinds;
  std::vector<std::string> complaints;  // the first few
};

// Decodes picture i.
void check_picture(const Dataset& data, int i, PartReport& report) {
  try {
    const PictureFile picture(data.files->files[static_cast<std::size_t>(i)]);
    (void)picture.decode();
    ++report.kinds[picture.is_png() ? "PNG" : "JPEG"];
    for (const std::string& kind : picture.kinds()) ++report.kinds[kind];
  } catch (const InputError& error) {
    if (++report.damaged <= kMostNamed) report.complaints.emplace_back(error.what());
  }
}

PartReport check_part(const CheckDataFlags& flags, bool train, std::vector<std::string>& classes) {
  const Dataset data = load_dataset(flags.name, flags.folder, train, kAnyShape);
  PartReport report;
  report.images = data.count;
  classes = data.classes;
  for (const std::string& note : data.notes) fmt::print(stderr, "flexor: {}\n", note);
  std::vector<int> of_class(std::max<std::size_t>(classes.size(), 1), 0);
  for (const std::uint16_t label : data.labels) {
    if (label < of_class.size()) ++of_class[label];
  }
  Progress progress(train ? "training pictures" : "test pictures", data.count);
  for (int i = 0; data.files && i < data.count; ++i) {
    check_interrupt();
    check_picture(data, i, report);
    progress.update(i + 1);
  }
  const auto [least, most] = std::minmax_element(of_class.begin(), of_class.end());
  fmt::print("{:<9} {} images of {} classes, {} to {} each", train ? "training:" : "test:", grouped(data.count), classes.size(),
             grouped(*least), grouped(*most));
  if (!data.files) fmt::print(", {}x{}x{}", data.shape.height, data.shape.width, data.shape.channels);
  for (const auto& [kind, count] : report.kinds) fmt::print(", {} {}", grouped(count), kind);
  fmt::print("\n");
  return report;
}

void check_data(const CheckDataFlags& flags, const Context& context) {
  std::vector<std::string> classes;
  const PartReport train = check_part(flags, true, classes);
  const PartReport test = check_part(flags, false, classes);
  const auto json = [](const PartReport& part) -> nlohmann::ordered_json {
    return {{"images", part.images}, {"damaged", part.damaged}, {"kinds", part.kinds}};
  };
  write_json(flags.json, context, {{"data", flags.name}, {"classes", classes}, {"train", json(train)}, {"test", json(test)}});
  const int damaged = train.damaged + test.damaged;
  if (damaged == 0) {
    fmt::print("every image can be read\n");
    return;
  }
  std::string text = fmt::format("{} of {} pictures cannot be read", damaged, train.images + test.images);
  for (const auto* part : {&train, &test}) {
    for (const std::string& complaint : part->complaints) text += "; " + complaint;
  }
  throw InputError(text);
}

}  // namespace

void add_check_data(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<CheckDataFlags>();
  CLI::App* command =
      add_command(app, "check-data", "Read every image of a data set, count classes and kinds of files, and name what is damaged.",
                  "flexor check-data flowers --data ~/data");
  command
      ->add_option(
          "name", flags->name,
          "mnist, cifar10, or a folder in the data folder: idx files with the names of MNIST's, or pictures in train/CLASS and val/CLASS")
      ->required()
      ->type_name("NAME");
  command->add_option("--data", flags->folder, "folder with the data set")->required()->envname("FLEXOR_DATA")->type_name("DIR");
  add_json(*command, flags->json);
  command->callback([flags, &context] { check_data(*flags, context); });
}

}  // namespace flexor
