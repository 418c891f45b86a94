using System.Globalization;
using System.Text;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>The files of the index. Replaced as a whole: written to a temporary file, synced, renamed.</summary>
/// <param name="NextNumber">The next file's number; numbers are never reused.</param>
/// <param name="Runs">The runs' numbers, newest first.</param>
/// <param name="Journals">The journals that are not yet in a run, oldest first.</param>
internal sealed record Manifest(long NextNumber, IReadOnlyList<long> Runs, IReadOnlyList<long> Journals)
{
    private const string Header = "s3overlay-index 1";

    public static Manifest? Read(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var lines = File.ReadAllLines(path, Encoding.ASCII);
            if (lines.Length == 5 && lines[0] == Header && lines[4] == Checksum(string.Join('\n', lines[..4])))
            {
                return new Manifest(long.Parse(lines[1], CultureInfo.InvariantCulture), Numbers(lines[2]), Numbers(lines[3]));
            }
        }
        catch (FormatException)
        {
            // Reported below.
        }

        throw SortedRun.Damaged(path);
    }

    public void Write(StoreDisk disk, string path)
    {
        var text = string
            .Create(CultureInfo.InvariantCulture, $"{Header}\n{NextNumber}\n{string.Join(' ', Runs)}\n{string.Join(' ', Journals)}");
        var aside = path + ".new";
        disk.Delete(aside);
        using (var file = disk.Create(aside))
        {
            disk.Write(file, Encoding.ASCII.GetBytes($"{text}\n{Checksum(text)}\n"), 0);
            disk.Sync(file);
        }

        disk.Move(aside, path);
        disk.SyncFolder(Path.GetDirectoryName(path)!);
    }

    private static List<long> Numbers(string line) =>
        [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(number => long.Parse(number, CultureInfo.InvariantCulture))];

    private static string Checksum(string text) => Crc32C.Compute(Encoding.ASCII.GetBytes(text))
        .ToString("x8", CultureInfo.InvariantCulture);
}
