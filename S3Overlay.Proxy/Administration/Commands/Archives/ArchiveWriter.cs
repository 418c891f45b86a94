using System.Formats.Tar;
using System.Globalization;
using System.Net;
using System.Text.Json;

using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Administration.Commands.Archives;

/// <summary>
/// Writes changes into a tar file. <c>format.json</c> comes first. Further entries are numbered: <c>1.data</c> has the bytes of the first
/// change, <c>1.json</c> what it is and their checksum. <c>end.json</c> has the number of changes, so that a shortened file is noticed.
/// </summary>
internal sealed class ArchiveWriter(ProxyClient proxy)
{
    /// <summary>How many objects were left out because only their clients have the key to read them (SSE-C).</summary>
    public long Unreadable { get; private set; }

    /// <summary>Saves changes. The file appears at its path once it is complete and on disk.</summary>
    /// <param name="path">Where to write. A file there is not replaced.</param>
    /// <param name="changes">The changes.</param>
    /// <param name="show">Gets the number of changes saved so far, and of their bytes.</param>
    /// <param name="cancellationToken">Stops. Nothing is left at the path.</param>
    /// <returns>
    /// How many were saved. One that is changed or reverted before it is saved is left out, and so is one that needs its client's key.
    /// </returns>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="ProxyRefusal">An object cannot be read.</exception>
    public async Task<long> WriteAsync(
        string path, IAsyncEnumerable<SavedChange> changes, Action<long, long> show, CancellationToken cancellationToken)
    {
        if (File.Exists(path))
        {
            throw new IOException($"{path} exists. Name another file.");
        }

        // Of its own, so that what a killed command left does not block the next.
        var aside = $"{path}.{Guid.NewGuid():n}.partial";
        var (count, bytes, file) = (0L, 0L, new FileStream(aside, Private));
        try
        {
            await using (file)
            {
                await using (var tar = new TarWriter(file, TarEntryFormat.Pax, leaveOpen: true))
                {
                    await WriteAsync(tar, ArchiveFormat.EntryName, new ArchiveFormat(ArchiveFormat.Current), cancellationToken);
                    await foreach (var change in changes.WithCancellation(cancellationToken))
                    {
                        if (await SaveAsync(tar, count + 1, change, cancellationToken))
                        {
                            (count, bytes) = (count + 1, bytes + change.Size);
                            show(count, bytes);
                        }
                    }

                    await WriteAsync(tar, "end.json", new ArchiveEnd(count), cancellationToken);
                }

                file.Flush(flushToDisk: true);
            }

            File.Move(aside, path);

            // The revert must not reach the disk before the file's name does: a sync after the rename covers both.
            await using var named = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
            named.Flush(flushToDisk: true);
            return count;
        }
        catch (Exception failure)
        {
            File.Delete(aside);
            if (failure is ArgumentOutOfRangeException)
            {
                // What the runtime makes of EFBIG.
                throw new IOException($"{path} would be larger than the file system or a limit (ulimit -f) allows.", failure);
            }

            throw;
        }
    }

    /// <summary>A new file that only its owner can read: objects may be secret.</summary>
    private static FileStreamOptions Private
    {
        get
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            return options;
        }
    }

    private async Task<bool> SaveAsync(TarWriter tar, long number, SavedChange change, CancellationToken cancellationToken)
    {
        var name = number.ToString(CultureInfo.InvariantCulture);
        if (!change.Deleted)
        {
            using var response = await proxy.SendObjectAsync("GET", change.Bucket, change.Key, "", null,
                [new("If-Match", change.ETag), new("x-amz-checksum-mode", "ENABLED")], cancellationToken);
            if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.PreconditionFailed)
            {
                return false;
            }

            if (response.StatusCode == HttpStatusCode.BadRequest
                && ClientKeys.AreWantedBy(await response.Content.ReadAsStringAsync(cancellationToken)))
            {
                Unreadable++;
                return false;
            }

            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw new ProxyRefusal((int)response.StatusCode, $"{(int)response.StatusCode} for {change.Bucket}/{change.Key}");
            }

            await using var hashed = new HashedStream(await response.Content.ReadAsStreamAsync(cancellationToken));
            await tar.WriteEntryAsync(
                new PaxTarEntry(TarEntryType.RegularFile, name + ".data") { DataStream = hashed }, cancellationToken);
            // As they were sent: parsed ones would be written in another way.
            var headers = response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated).ToDictionary(
                static header => header.Key, static header => string.Join(",", header.Value), StringComparer.OrdinalIgnoreCase);
            change = change with
            {
                Size = hashed.Count,
                Sha256 = hashed.Sha256,
                Headers = headers.Where(static header => SavedChange.IsSaved(header.Key)).ToDictionary(),
                ChecksumHeader = ChecksumNames.All.Select(ChecksumNames.Header).FirstOrDefault(headers.ContainsKey),
                ChecksumType = headers.GetValueOrDefault("x-amz-checksum-type"),
                Tags = await TagsAsync(change, cancellationToken),
            };
            change = change with { Checksum = change.ChecksumHeader is { } header ? headers[header] : "" };
            var parts = await new SavedParts(proxy, change).FindAsync(hashed.Md5, cancellationToken);
            var isOpaque = headers.TryGetValue("x-amz-server-side-encryption", out var method) && method != "AES256";
            change = parts.IsCopiedUp && !isOpaque
                ? change with { CopiedUp = response.Content.Headers.LastModified ?? DateTimeOffset.UnixEpoch }
                : change with { Parts = parts.Sizes };
        }

        await WriteAsync(tar, name + ".json", change, cancellationToken);
        return true;
    }

    private async Task<string?> TagsAsync(SavedChange change, CancellationToken cancellationToken)
    {
        using var response = await proxy.SendObjectAsync("GET", change.Bucket, change.Key, "tagging", null, [], cancellationToken);
        return response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.NotFound)
            ? throw new ProxyRefusal((int)response.StatusCode, $"{(int)response.StatusCode} for the tags of {change.Bucket}/{change.Key}")
            : response.StatusCode == HttpStatusCode.OK
            && S3XmlReader.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken)) is var document
            && TagDocuments.ToQuery(document) is { Length: > 0 } tags ? tags : null;
    }

    private static Task WriteAsync<T>(TarWriter tar, string name, T document, CancellationToken cancellationToken) => tar.WriteEntryAsync(
        new PaxTarEntry(TarEntryType.RegularFile, name)
            { DataStream = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(document, AdministrationJson.Options)) },
        cancellationToken);
}

/// <summary>The first entry of an archive.</summary>
internal sealed record ArchiveFormat(int Version)
{
    public const string EntryName = "format.json";

    /// <summary>The format that is written and read. The first one had no such entry, and no bases.</summary>
    public const int Current = 2;
}

/// <summary>The last entry of an archive.</summary>
internal sealed record ArchiveEnd(long Count);
