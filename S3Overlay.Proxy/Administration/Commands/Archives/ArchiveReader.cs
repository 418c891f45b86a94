using System.Formats.Tar;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace S3Overlay.Proxy.Administration.Commands.Archives;

/// <summary>Reads changes from a tar file that <see cref="ArchiveWriter"/> wrote.</summary>
internal static class ArchiveReader
{
    /// <summary>The changes in order, each with its bytes; null for a delete. The file must be seekable.</summary>
    /// <exception cref="ArchiveException">It is no such file, is damaged, or ends early. What came before is sound.</exception>
    public static async IAsyncEnumerable<(SavedChange Change, Stream? Bytes)> ReadAsync(
        Stream file, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var tar = new TarReader(file, leaveOpen: true);
        var (number, hasEnd) = (1L, false);
        Stream? bytes = null;
        while (await NextAsync(tar, cancellationToken) is { } entry)
        {
            var content = entry is { EntryType: TarEntryType.RegularFile or TarEntryType.V7RegularFile } && !hasEnd
                ? entry.DataStream ?? Stream.Null
                : throw new ArchiveException("it has an entry that does not belong there");
            if (entry.Name == "end.json")
            {
                hasEnd = bytes is null && await ReadEndAsync(content, cancellationToken) == number - 1
                    ? true : throw new ArchiveException("it has another number of changes than it says");
            }
            else if (bytes is null && entry.Name == string.Create(CultureInfo.InvariantCulture, $"{number}.data"))
            {
                bytes = content;
            }
            else if (entry.Name == string.Create(CultureInfo.InvariantCulture, $"{number}.json"))
            {
                var change = await SavedChange.ReadAsync(content, cancellationToken);
                if (change.Deleted != bytes is null || (bytes is not null && bytes.Length != change.Size))
                {
                    throw new ArchiveException($"the bytes of {number}.json do not belong to it");
                }

                yield return (change, bytes);
                (number, bytes) = (number + 1, null);
            }
            else
            {
                throw new ArchiveException("it has an entry that does not belong there");
            }
        }

        if (!hasEnd)
        {
            throw new ArchiveException("it ends early");
        }
    }

    private static async ValueTask<TarEntry?> NextAsync(TarReader tar, CancellationToken cancellationToken)
    {
        try
        {
            return await tar.GetNextEntryAsync(copyData: false, cancellationToken);
        }
        catch (Exception damage) when (damage is InvalidDataException or IOException or FormatException or ArgumentException)
        {
            throw new ArchiveException("it is no tar file, or is damaged", damage);
        }
    }

    private static async ValueTask<long> ReadEndAsync(Stream content, CancellationToken cancellationToken)
    {
        try
        {
            return content.Length > 1000 ? -1
                : (await JsonSerializer.DeserializeAsync<ArchiveEnd>(content, AdministrationJson.Options, cancellationToken))?.Count ?? -1;
        }
        catch (JsonException)
        {
            return -1;
        }
    }
}
