using System.Formats.Tar;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;

using S3Overlay.Proxy.Administration.Methods;

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
        if (await NextAsync(tar, cancellationToken) is not { EntryType: TarEntryType.RegularFile, Name: ArchiveFormat.EntryName } first
            || await ReadAsync<ArchiveFormat>(first.DataStream ?? Stream.Null, cancellationToken) is not { } format)
        {
            throw new ArchiveException("it is no archive of changes, or of a version before 2");
        }

        if (format.Version != ArchiveFormat.Current)
        {
            throw new ArchiveException($"it is of format {format.Version}, and this program reads {ArchiveFormat.Current}");
        }

        var (number, hasEnd) = (1L, false);
        Stream? bytes = null;
        while (await NextAsync(tar, cancellationToken) is { } entry)
        {
            var content = entry is { EntryType: TarEntryType.RegularFile or TarEntryType.V7RegularFile } && !hasEnd
                ? entry.DataStream ?? Stream.Null
                : throw new ArchiveException("it has an entry that does not belong there");
            if (entry.Name == "end.json")
            {
                hasEnd = bytes is null && (await ReadAsync<ArchiveEnd>(content, cancellationToken))?.Count == number - 1
                    ? true : throw new ArchiveException("it has another number of changes than it says");
            }
            else if (bytes is null && entry.Name == string.Create(CultureInfo.InvariantCulture, $"{number}.data"))
            {
                bytes = content;
            }
            else if (entry.Name == string.Create(CultureInfo.InvariantCulture, $"{number}.json"))
            {
                var change = await ReadChangeAsync(content, cancellationToken);
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

    private static async ValueTask<SavedChange> ReadChangeAsync(Stream content, CancellationToken cancellationToken)
    {
        if (content.Length > SavedChange.Longest)
        {
            throw new ArchiveException("a manifest is too long");
        }

        var bytes = new byte[content.Length];
        await content.ReadExactlyAsync(bytes, cancellationToken);
        try
        {
            return SavedChange.Parse(bytes);
        }
        catch (FormatException failure)
        {
            throw new ArchiveException($"a manifest is not valid: {failure.Message}", failure);
        }
    }

    /// <summary>A small document; null if it is none.</summary>
    private static async ValueTask<T?> ReadAsync<T>(Stream content, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return content.Length > 1000 ? null
                : await JsonSerializer.DeserializeAsync<T>(content, AdministrationJson.Options, cancellationToken);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>The file is no archive of changes, or is damaged.</summary>
internal sealed class ArchiveException(string message, Exception? cause = null) : Exception(message, cause);
