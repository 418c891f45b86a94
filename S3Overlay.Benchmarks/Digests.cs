using System.Diagnostics;
using System.Globalization;
using System.IO.Hashing;
using System.Security.Cryptography;

using S3Overlay.Benchmarks.Load;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Benchmarks;

/// <summary>What the digests of a GiB cost on this machine: a PUT cannot be cheaper than its MD5.</summary>
public static class Digests
{
    private const int Piece = 256 << 10;
    private const int Total = 256 << 20;

    /// <summary>Prints the best of seven runs of each.</summary>
    public static int Run()
    {
        var bytes = LoadRequest.BodyOf(Piece).ToArray();
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Print("MD5", () => md5.AppendData(bytes));
        Print("SHA-256", () => sha.AppendData(bytes));
        var crc = new Crc64(Crc64ParameterSet.Nvme);
        Print("CRC-64", () => crc.Append(bytes));
        Print("CRC-32C", () => Crc32C.Compute(bytes));
        return 0;
    }

    private static void Print(string name, Action append)
    {
        var best = double.MaxValue;
        for (var run = 0; run < 7; run++)
        {
            var began = Stopwatch.GetTimestamp();
            for (var done = 0; done < Total; done += Piece)
            {
                append();
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-8} {best * (1L << 30) / Total:F3} s/GiB"));
    }
}
