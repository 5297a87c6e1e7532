// SPDX-License-Identifier: Apache-2.0
// Writes a job for a client of the engine that knows its documents only: the bytes of external memory, and in JSON where things lie and
// what must come out. usage: draw_case FOLDER SEED
#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "compiler/transfer_list.hpp"
#include "configuration.hpp"
#include "engine_bench.hpp"
#include "golden/golden.hpp"
#include "networks.hpp"

int main(int argc, char** argv) {
  using namespace flexor;
  if (argc != 3) {
    fmt::print(stderr, "usage: draw_case FOLDER SEED\n");
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  const EngineParameters& engine = find_configuration("tiny");
  Random random(std::strtoull(argv[2], nullptr, 10));
  const Network network = test::draw_fitting(random, engine);
  const MemoryImage image = compile(network, engine, 1);
  const ExternalImage external = lay_out_external(image, engine);
  const Golden golden(network);
  auto jobs = nlohmann::json::array();
  for (int i = 0; i < 3; ++i) {
    const auto pixels = test::random_image(random, network.input);
    jobs.push_back({{"input", layout_input(network, image, pixels.data())}, {"logits", golden.run(pixels.data()).back()}});
  }
  const nlohmann::json json = {{"network", test::describe(network)}, {"first_list", external.first_list},
                               {"next_list", external.next_list},    {"input", external.input},
                               {"output", external.output},          {"size", external.size},
                               {"cycle_limit", cycle_limit(image)},  {"jobs", jobs}};
  std::ofstream(folder / "case.json") << json;
  std::ofstream memory(folder / "memory.bin", std::ios::binary);
  memory.write(reinterpret_cast<const char*>(external.bytes.data()), static_cast<std::streamsize>(external.bytes.size()));
  return memory.good() ? 0 : 2;
}
