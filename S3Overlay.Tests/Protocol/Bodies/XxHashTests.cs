using System.Security.Cryptography;
using System.Text;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Tests.Protocol.Bodies;

/// <summary>The XXHash family. Expected is what the reference implementation's xxhsum 0.8.1 says of the same bytes.</summary>
[Trait("Rule", "W7")]
public sealed class XxHashTests
{
    /// <summary>All lengths that any of the ways of treating an input begins or ends at, and some that have many blocks.</summary>
    private static readonly int[] Lengths = [.. Enumerable.Range(0, 2201), 65536, 65537, 70000, 70001];

    private static readonly byte[] Bytes =
        [.. Enumerable.Range(0, 70001).Select(static i => (byte)(((long)i * i / 8 * 31) + (i * 7) + (i >> 8)))];

    [Theory]
    [InlineData(ChecksumAlgorithm.XxHash64, 0, "ef46db3751d8e999")]
    [InlineData(ChecksumAlgorithm.XxHash64, 17, "dfd5357c930e8531")]
    [InlineData(ChecksumAlgorithm.XxHash64, 70001, "0bc39072c1235a26")]
    [InlineData(ChecksumAlgorithm.XxHash3, 0, "2d06800538d394c2")]
    [InlineData(ChecksumAlgorithm.XxHash3, 3, "c3489259e968ad9e")]
    [InlineData(ChecksumAlgorithm.XxHash3, 8, "0afbb111a362220f")]
    [InlineData(ChecksumAlgorithm.XxHash3, 16, "4f13586ab6d6d0d2")]
    [InlineData(ChecksumAlgorithm.XxHash3, 128, "a44feb6abc92b246")]
    [InlineData(ChecksumAlgorithm.XxHash3, 240, "a858283e0d02d2e6")]
    [InlineData(ChecksumAlgorithm.XxHash3, 1024, "c4a17c92dbfd2685")]
    [InlineData(ChecksumAlgorithm.XxHash3, 70001, "31715b2860089eef")]
    [InlineData(ChecksumAlgorithm.XxHash128, 0, "99aa06d3014798d86001c324468d497f")]
    [InlineData(ChecksumAlgorithm.XxHash128, 3, "656e81c56e41fe02c3489259e968ad9e")]
    [InlineData(ChecksumAlgorithm.XxHash128, 8, "5a2fa1c1b54a8876314dc38cdd97c27a")]
    [InlineData(ChecksumAlgorithm.XxHash128, 16, "9738dc072f65f73580db113cd18cf21b")]
    [InlineData(ChecksumAlgorithm.XxHash128, 128, "13d543bd46aa93855a85f6020b064008")]
    [InlineData(ChecksumAlgorithm.XxHash128, 240, "a13687c6502f57b3d7a1e532620ee550")]
    [InlineData(ChecksumAlgorithm.XxHash128, 1024, "b38916900dbc5bedc4a17c92dbfd2685")]
    [InlineData(ChecksumAlgorithm.XxHash128, 70001, "4eb378fe6f8b582631715b2860089eef")]
    public void Each_way_of_treating_an_input_gives_what_the_reference_gives(ChecksumAlgorithm algorithm, int length, string expected) =>
        Assert.Equal(expected, Hex(ChecksumHasher.Compute(algorithm, Bytes.AsSpan(0, length))));

    [Theory]
    [InlineData(ChecksumAlgorithm.XxHash64, "696b5ff115d35f861c944f777b7fb22b22beff90877de4165ca8babdb709535d")]
    [InlineData(ChecksumAlgorithm.XxHash3, "e36850fabceddd27febd5f9349de932581ea1d3706d0e869a91c2c5bb3713002")]
    [InlineData(ChecksumAlgorithm.XxHash128, "8484b7d5669da078d61093c8252357f44d5e46471360506bac8bddc7e2486ebc")]
    public void Every_length_gives_what_the_reference_gives(ChecksumAlgorithm algorithm, string expected)
    {
        var all = string.Concat(Lengths.Select(length => Hex(ChecksumHasher.Compute(algorithm, Bytes.AsSpan(0, length)))));
        Assert.Equal(expected, Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(all))));
    }

    [Theory]
    [InlineData(ChecksumAlgorithm.XxHash64)]
    [InlineData(ChecksumAlgorithm.XxHash3)]
    [InlineData(ChecksumAlgorithm.XxHash128)]
    public void Bytes_that_come_in_pieces_give_what_they_give_at_once(ChecksumAlgorithm algorithm)
    {
        var random = new Random(1);
        using var hasher = ChecksumHasher.Create(algorithm);
        foreach (var longest in (int[])[1, 63, 64, 65, 1023, 1024, 1025, 2049, 5000])
        {
            foreach (var length in (int[])[0, 31, 32, 33, 240, 241, 1024, 1025, 2048, 2049, 4096, 9001])
            {
                for (var at = 0; at < length;)
                {
                    var piece = Math.Min(length - at, longest > 1000 && at == 0 ? longest : random.Next(1, longest + 1));
                    hasher.Append(Bytes.AsSpan(at, piece));
                    at += piece;
                }

                Assert.Equal(ChecksumHasher.Compute(algorithm, Bytes.AsSpan(0, length)), hasher.Finish());
            }
        }
    }

    private static string Hex(BodyChecksum checksum) => Convert.ToHexStringLower(Convert.FromBase64String(checksum.Value));
}
