// SPDX-License-Identifier: Apache-2.0

/// What a bus address means: region, word or pair, and whether it exists. Combinational.
///
///   region = address[27:24]; regions 0..3: word = address[23:3], address[2:0] = 0; region 4: pair = address[23:0]
///   exists: register index < Registers, word < depth, pair.word < 2*ActRows and pair.offset < K, with AlignedActivations a multiple of 4
///   whole:  the byte enables cover the register (4 bytes) or the memory's word; always 1 in region 4
module bus_decode
  import flexor_pkg::*;
#(
    /// Bytes of a word of activation memory.
    parameter int unsigned K = 50,
    /// Bits of a weight word.
    parameter int unsigned D = 40,
    /// Bits of a code column.
    parameter int unsigned NOut = 20,
    /// Bytes of the data bus, 4 or 8; 8*BusBytes >= D, NOut.
    parameter int unsigned BusBytes = 8,
    /// Words of a bank of activation memory.
    parameter int unsigned ActRows = 2048,
    /// 1: activation memory is reached at multiples of four bytes.
    parameter bit AlignedActivations = 1'b0,
    /// Words of weight memory: a power of two, <= 2^21.
    parameter int unsigned WeightWords = 131072,
    /// Words of control memory: a power of two, <= 65536.
    parameter int unsigned ControlWords = 8192,
    /// Words of code memory: a power of two, <= 2^21.
    parameter int unsigned CodeWords = 256,
    /// Registers, <= 32.
    parameter int unsigned Registers = 12
) (
    /// Byte address.
    input  logic [        27:0] address_i,
    /// Byte enables.
    input  logic [BusBytes-1:0] strobe_i,
    /// One hot: registers, control, code, weight, activation; 0 for any other.
    output logic [         4:0] region_o,
    /// The place exists.
    output logic                exists_o,
    /// The byte enables cover all of it.
    output logic                whole_o
);

  if (BusBytes != 4 && BusBytes != 8) begin : gen_check_bus
    $error("bus_decode: BusBytes must be 4 or 8");
  end
  if (D > 8 * BusBytes || NOut > 8 * BusBytes) begin : gen_check_word
    $error("bus_decode: a weight word or a code column must not be wider than the bus");
  end
  if (WeightWords > 2 ** 21 || ControlWords > 65536 || CodeWords > 2 ** 21) begin : gen_check_depth
    $error("bus_decode: WeightWords and CodeWords must be at most 2^21, ControlWords at most 65536");
  end
  if (2 * ActRows > 65536 || K > 256) begin : gen_check_activation
    $error("bus_decode: activation memory must have at most 65536 words of at most 256 bytes");
  end

  function automatic logic covers(input logic [BusBytes-1:0] strobe, input int unsigned bits);
    logic all;
    all = 1'b1;
    for (int unsigned i = 0; i < BusBytes; i++) begin
      if (8 * i < bits) all = all && strobe[i];
    end
    return all;
  endfunction

  logic [20:0] index;
  logic [15:0] word;
  logic [ 7:0] offset;
  assign index = address_i[23:3];
  assign word = address_i[23:8];
  assign offset = address_i[7:0];

  for (genvar r = 0; r < 5; r++) begin : gen_region
    assign region_o[r] = address_i[27:24] == 4'(r);
  end

  always_comb begin
    exists_o = address_i[2:0] == 3'b000;
    whole_o  = 1'b1;
    unique case (address_i[27:24])
      4'(RegionRegisters): begin
        exists_o = exists_o && index < 21'(Registers);
        whole_o  = covers(strobe_i, 32);
      end
      4'(RegionControl): begin
        exists_o = exists_o && 32'(index) < ControlWords;
        whole_o  = covers(strobe_i, 32);
      end
      4'(RegionCode): begin
        exists_o = exists_o && 32'(index) < CodeWords;
        whole_o  = covers(strobe_i, NOut);
      end
      4'(RegionWeight): begin
        exists_o = exists_o && 32'(index) < WeightWords;
        whole_o  = covers(strobe_i, D);
      end
      4'(RegionActivation): exists_o = 32'(word) < 2 * ActRows && 32'(offset) < K && !(AlignedActivations && offset[1:0] != '0);
      default: exists_o = 1'b0;
    endcase
  end

endmodule
