// SPDX-License-Identifier: Apache-2.0

/// Reads and checks one layer's descriptor: one word a cycle, DescriptorUsedWords + 2 cycles from `start_i` to `done_o`.
///
/// Illegal: stored_bits outside StoredMin..StoredMax; channels, m_tiles, strings, chunks, pixels, columns or rows = 0; pixels >= 2^(PixelWidth-1);
/// channels or m_tiles >= ControlWords (each channel has two words of parameters);
/// columns, rows or height >= 2^CountWidth; block_pixels outside 1..PMax; with pooling, block_pixels or pixels not a multiple of 4;
/// digits outside 1..Digits; sum_pixels outside 1..2^SumBits; residual or shortcut without a residual memory; pooling or logits
/// with a shortcut or a projection; a projection that does not go to residual memory; pooling with a sum of pixels or as windows.
/// A projection counts where Residual = 1, windows where Windows = 1.
module descriptor_reader #(
    /// Pixels of a block at most.
    parameter int unsigned PMax         = 256,
    /// Bits of a pixel count; one more than pixels need, so that counting a whole block past them cannot wrap.
    parameter int unsigned PixelWidth   = 21,
    /// Bits of a count of rows or columns, 4..10: at most 2^CountWidth - 1.
    parameter int unsigned CountWidth   = 10,
    /// Words of control memory, a power of two.
    parameter int unsigned ControlWords = 8192,
    /// Binary digits of a weight at most, 1..8.
    parameter int unsigned Digits       = 1,
    /// Pixels that one output may sum, at most 2^SumBits; SumBits <= 15.
    parameter int unsigned SumBits      = 0,
    /// 1: the engine has a residual memory.
    parameter bit          Residual     = 1'b0,
    /// 1: the engine pools windows.
    parameter bit          Windows      = 1'b0,
    /// Stored bits of a slice at most, 1..32.
    parameter int unsigned StoredMax    = 32,
    /// Stored bits of a slice at least, 1..StoredMax.
    parameter int unsigned StoredMin    = 1
) (
    /// Clock.
    input  logic                                               clk_i,
    /// Synchronous reset, active low.
    input  logic                                               rst_ni,
    /// Read the descriptor at `address_i`.
    input  logic                                               start_i,
    /// Read the descriptor that follows the last one.
    input  logic                                               next_i,
    /// Control memory word address, sampled with `start_i`.
    input  logic                    [$clog2(ControlWords)-1:0] address_i,
    /// A control memory word is read.
    output logic                                               read_o,
    /// Its address.
    output logic                    [$clog2(ControlWords)-1:0] read_address_o,
    /// The word, one cycle later.
    input  logic                    [                    31:0] read_data_i,
    /// A word arrives.
    output logic                                               word_valid_o,
    /// Its number in the descriptor; its value is `read_data_i`.
    output logic                    [                     4:0] word_o,
    /// Layer; valid and stable from `done_o` to the next start.
    output flexor_pkg::descriptor_t                            descriptor_o,
    /// One cycle: the descriptor is complete from the next cycle on.
    output logic                                               done_o,
    /// From the cycle after `done_o` on: the descriptor is illegal.
    output logic                                               error_o
);

  localparam int unsigned AddressWidth = $clog2(ControlWords);
  localparam logic [4:0] LastWord = 5'(flexor_pkg::DescriptorUsedWords - 1);

  if ((ControlWords & (ControlWords - 1)) != 0 || ControlWords < flexor_pkg::DescriptorWords) begin : gen_check_words
    $error("descriptor_reader: ControlWords must be a power of two that holds a descriptor");
  end
  if (PMax >= 65536 || PixelWidth > 31 || PMax >= 2 ** (PixelWidth - 1)) begin : gen_check_pixels
    $error("descriptor_reader: PMax must be below 65536 and 2^(PixelWidth - 1), PixelWidth at most 31");
  end
  if (CountWidth < 4 || CountWidth > 10) begin : gen_check_counts
    $error("descriptor_reader: CountWidth must be in 4..10");
  end
  if (Digits < 1 || Digits > 8 || SumBits > 15) begin : gen_check_sums
    $error("descriptor_reader: Digits must be in 1..8, SumBits at most 15");
  end

  if (StoredMin < 1 || StoredMin > StoredMax || StoredMax > 32) begin : gen_check_stored
    $error("descriptor_reader: StoredMax must be in 1..32, StoredMin in 1..StoredMax");
  end

  logic [AddressWidth-1:0] address_q;
  logic [4:0] word_q, arrived_word_q;
  logic reading_q, last_q, arrived_q, checked_q, checked_last_q, error_q;
  flexor_pkg::descriptor_t descriptor_q;

  assign read_o         = reading_q;
  assign read_address_o = address_q;
  assign word_valid_o   = arrived_q;
  assign word_o         = arrived_word_q;
  assign descriptor_o   = descriptor_q;
  assign done_o         = checked_q && checked_last_q;
  assign error_o        = error_q;

  // What is wrong with the word that arrives.
  logic low_zero, high_zero, odd_four;
  logic few, many, wide;
  logic [18:0] wrong, wrong_q;
  assign low_zero  = read_data_i[15:0] == '0;
  assign high_zero = read_data_i[31:16] == '0;
  assign odd_four  = descriptor_q.pool && |read_data_i[1:0];
  // A sum of products: synchronous resets would take a word's number further.
  function automatic logic at(input logic [4:0] word);
    return arrived_word_q == word;
  endfunction
  if (StoredMin == 1) begin : gen_none
    assign few = read_data_i[21:16] == '0;
  end else begin : gen_few
    assign few = read_data_i[21:16] < 6'(StoredMin);
  end
  if (AddressWidth < 12) begin : gen_m_tiles
    assign many = |read_data_i[11:AddressWidth];
  end else begin : gen_all_m_tiles
    assign many = 1'b0;
  end
  if (AddressWidth < 16) begin : gen_channels
    assign wide = |read_data_i[31:16+AddressWidth];
  end else begin : gen_all_channels
    assign wide = 1'b0;
  end
  assign wrong = {
    at(3) && many,
    at(2) && wide,
    at(0) && (few || read_data_i[21:16] > 6'(StoredMax)),
    (at(2) || at(10)) && high_zero,
    (at(9) || at(10)) && low_zero,
    at(3) && (read_data_i[11:0] == '0 || read_data_i[19:12] == '0),
    at(3) && read_data_i[31:20] == '0,
    at(8) && low_zero && high_zero,
    (at(8) || at(9)) && odd_four,
    at(8) && |read_data_i[31:PixelWidth-1],
    at(9) && read_data_i[15:0] > 16'(PMax),
    at(10) && |read_data_i[15:CountWidth],
    (at(10) || at(18)) && |read_data_i[31:16+CountWidth],
    at(19) && (read_data_i[3:0] == '0 || read_data_i[3:0] > 4'(Digits)),
    at(19) && (high_zero || read_data_i[31:16] > 16'(2 ** SumBits)),
    at(19) && ((!Residual && |read_data_i[5:4]) || (|(read_data_i[6:5] &{Residual, 1'b1}) && (descriptor_q.pool || descriptor_q.logits))),
    at(19) && Residual && read_data_i[6] && !read_data_i[4],
    at(19) && Windows && read_data_i[8] && descriptor_q.pool,
    at(19) && descriptor_q.pool && read_data_i[31:16] != 16'd1
  };

  always_ff @(posedge clk_i) begin
    arrived_q      <= reading_q;
    arrived_word_q <= word_q;
    checked_q      <= arrived_q;
    checked_last_q <= arrived_word_q == LastWord;
    wrong_q        <= wrong;
    if (start_i) address_q <= address_i;
    if (start_i || next_i) begin
      reading_q <= 1'b1;
      last_q    <= 1'b0;
      word_q    <= '0;
      error_q   <= 1'b0;
    end else if (reading_q) begin
      reading_q <= !last_q;
      last_q    <= word_q == LastWord - 5'd1;
      word_q    <= word_q + 5'd1;
      address_q <= address_q + (last_q ? AddressWidth'(flexor_pkg::DescriptorWords) - AddressWidth'(LastWord) : AddressWidth'(1));
    end
    if (arrived_q) begin
      descriptor_q <= flexor_pkg::descriptor_insert(descriptor_q, arrived_word_q, read_data_i);
    end
    if (checked_q && wrong_q != '0) error_q <= 1'b1;
    if (!rst_ni) begin
      reading_q <= 1'b0;
      arrived_q <= 1'b0;
      checked_q <= 1'b0;
    end
  end

endmodule
