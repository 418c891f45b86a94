using S3Overlay.Proxy.Embedded.Encryption;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Embedded.Encryption.EncryptionBench;
using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded.Encryption;

/// <summary>Who can change the files and has no key can make a read fail, and never make it return other bytes.</summary>
public sealed class TamperedFileTests : IAsyncLifetime
{
    private const int Block = BlockChecksums.BlockSize;

    private EmbeddedBench _bench = null!;
    private StoreFolders _folders = null!;

    private static WrappingKey Master => Keys.Master!;

    public async Task InitializeAsync()
    {
        _bench = await EncryptionBench.OpenAsync();
        _folders = new StoreFolders(_bench.Folder);
    }

    public Task DisposeAsync() => _bench.DisposeAsync().AsTask();

    /// <summary>As a bad disk changes a file: nothing is made right again.</summary>
    [Fact]
    public async Task Each_flipped_byte_is_an_error_or_changes_nothing()
    {
        var id = await PutAsync("key", Bytes(300));
        var bytes = File.ReadAllBytes(_folders.PathOf(id));
        var preamble = FilePreamble.Read(bytes);
        var padding = 0;
        for (var at = 0; at < bytes.Length; at++)
        {
            bytes[at] ^= 0x10;
            File.WriteAllBytes(_folders.PathOf(id), bytes);
            if (await TryReadAsync(id) is { } read)
            {
                Assert.Equal(Bytes(300), read);
                Assert.True(IsPadding(at), $"byte {at} is not noticed");
                padding++;
            }

            bytes[at] ^= 0x10;
        }

        Assert.InRange(padding, 0, 14);

        bool IsPadding(int at) => (at >= FilePreamble.Size + preamble.HeaderLength && at < preamble.TableOffset)
            || (at >= preamble.TableOffset + BlockChecksums.EntrySize + BlockCipher.TagSize && at < preamble.DataOffset);
    }

    /// <summary>The same by an attacker who knows the format: each bit of data, tags and encrypted keys.</summary>
    [Fact]
    public async Task Each_forged_byte_is_an_error()
    {
        var id = await PutAsync("key", Bytes(200));
        var path = _folders.PathOf(id);
        var original = File.ReadAllBytes(path);
        foreach (var take in (Func<Forgery, byte[]>[])[
            static forged => forged.Data, static forged => forged.Tags,
            static forged => forged.Header.Envelope!.Salt, static forged => forged.Header.Envelope!.Wrapped])
        {
            for (var at = 0; at < take(Forgery.Of(path)).Length; at++)
            {
                var forged = Forgery.Of(path);
                take(forged)[at] ^= 1;
                forged.WriteTo(path);
                Assert.Null(await TryReadAsync(id));
                File.WriteAllBytes(path, original);
            }
        }

        Assert.Equal(Bytes(200), await TryReadAsync(id));
    }

    [Theory]
    [InlineData(3 * Block, 2 * Block)]
    [InlineData(3 * Block, Block)]
    [InlineData(3 * Block, 0)]
    [InlineData((2 * Block) + 100, 2 * Block)]
    [InlineData((2 * Block) + 100, (2 * Block) + 99)]
    public async Task A_cut_file_is_an_error(int size, int left)
    {
        var id = await PutAsync("key", Bytes(size));
        var forged = Forgery.Of(_folders.PathOf(id));
        forged.Data = forged.Data[..left];
        forged.Tags = forged.Tags[..BlockCipher.TagsLengthOf(left)];
        forged.Header = forged.Header with { Info = forged.Header.Info with { Size = left } };
        forged.WriteTo(_folders.PathOf(id));
        Assert.Null(await TryReadAsync(id));

        // A truncated file, with nothing made right.
        var bytes = File.ReadAllBytes(_folders.PathOf(id));
        File.WriteAllBytes(_folders.PathOf(id), bytes[..^Math.Min(bytes.Length, 1)]);
        Assert.Null(await TryReadAsync(id));
    }

    /// <summary>The last block is marked: even with the key of the file in place, a shorter file does not decrypt.</summary>
    [Fact]
    public void A_block_that_is_last_is_not_one_in_the_middle()
    {
        using var key = DataKey.New();
        var file = FileId.New();
        using var cipher = key.CipherOf(file);
        var (data, tags) = (Bytes(2 * Block), new byte[2 * BlockCipher.TagSize]);
        cipher.Encrypt(data, 0, isEnd: true, tags);

        Assert.Throws<InvalidDataException>(() => cipher.Decrypt(data[..Block], 0, 1, tags));
        Assert.Throws<InvalidDataException>(() => cipher.Decrypt(data[Block..], 1, 3, tags.AsSpan(BlockCipher.TagSize)));
        Assert.Throws<InvalidDataException>(() => cipher.Decrypt(data[Block..], 0, 2, tags.AsSpan(BlockCipher.TagSize)));
        using var other = key.CipherOf(FileId.New());
        Assert.Throws<InvalidDataException>(() => other.Decrypt([.. data], 0, 2, tags));
        cipher.Decrypt(data, 0, 2, tags);
        Assert.Equal(Bytes(2 * Block), data);
    }

    [Fact]
    public async Task Swapped_blocks_are_an_error()
    {
        var id = await PutAsync("key", Bytes(3 * Block));
        foreach (var (one, other) in ((int, int)[])[(0, 1), (0, 2), (1, 2)])
        {
            var original = File.ReadAllBytes(_folders.PathOf(id));
            var forged = Forgery.Of(_folders.PathOf(id));
            forged.SwapBlocks(one, other);
            forged.WriteTo(_folders.PathOf(id));
            Assert.Null(await TryReadAsync(id));
            File.WriteAllBytes(_folders.PathOf(id), original);
        }
    }

    /// <summary>Files, or what is in them, of another object: also of one with the same size and the same master key.</summary>
    [Fact]
    public async Task Swapped_objects_are_an_error()
    {
        var (one, other) = (await PutAsync("one", Bytes(1000, 1)), await PutAsync("other", Bytes(1000, 2)));
        var (mine, theirs) = (Forgery.Of(_folders.PathOf(one)), Forgery.Of(_folders.PathOf(other)));

        // The whole file, as it was, as it would have to be, and its data alone.
        File.Copy(_folders.PathOf(other), _folders.PathOf(one), overwrite: true);
        Assert.Null(await TryReadAsync(one, "one"));
        Assert.Null(await TryReadAsync(one, "other"));
        var renamed = Forgery.Of(_folders.PathOf(other));
        renamed.Header = renamed.Header with { Key = "one", Sequence = mine.Header.Sequence };
        renamed.WriteTo(_folders.PathOf(one));
        Assert.Null(await TryReadAsync(one, "one"));
        renamed.Header = mine.Header;
        renamed.WriteTo(_folders.PathOf(one));
        Assert.Null(await TryReadAsync(one, "one"));
        renamed.Header = mine.Header with { Envelope = theirs.Header.Envelope };
        renamed.WriteTo(_folders.PathOf(one));
        Assert.Null(await TryReadAsync(one, "one"));

        mine.WriteTo(_folders.PathOf(one));
        Assert.Equal(Bytes(1000, 1), await TryReadAsync(one, "one"));
    }

    /// <summary>Parts left out, in another order, or of another upload. The end of a list cannot be cut either.</summary>
    [Theory]
    [MemberData(nameof(Ways), MemberType = typeof(EncryptionBench))]
    public async Task A_changed_list_of_parts_is_an_error(string way)
    {
        var (one, other) = (await UploadAsync(way, "one"), await UploadAsync(way, "other"));
        var whole = await _bench.GetAsync("one", "", Read(way));
        var path = _folders.PathOf(one.Manifest);
        var (original, parts) = (Forgery.Of(path), Forgery.Of(path).Header.Parts);
        StoredPart[][] lists =
        [
            [.. parts.SkipLast(1)],
            [.. parts.Skip(1)],
            [parts[1], parts[0], parts[2]],
            [parts[0], parts[1] with { Number = 3 }, parts[2] with { Number = 2 }],
            [parts[0], parts[1], other.Parts[2]],
            [],
        ];
        foreach (var list in lists)
        {
            Assert.False(IsSealed(original.Header with { Parts = list }));
        }

        // The list and the seal of the other object.
        Assert.False(IsSealed(Forgery.Of(_folders.PathOf(other.Manifest)).Header with { Key = "one" }));

        // The proper list, and a part's file in the place of another.
        Assert.True(IsSealed(original.Header));
        await _bench.ReopenAsync();
        Assert.Equal(whole, await _bench.GetAsync("one", "", Read(way)));
        await _bench.ReopenAsync(() => File.Copy(_folders.PathOf(parts[0].File), _folders.PathOf(parts[1].File), overwrite: true));
        Assert.Equal("InternalError", await _bench.FailAsync(S3Operation.GetObject, "one", null, "partNumber=2", Read(way)));
        Assert.Equal(whole[..2000], await _bench.GetAsync("one", "partNumber=1", Read(way)));

        bool IsSealed(FileHeader header)
        {
            var forged = Forgery.Of(path);
            forged.Header = header with { Info = header.Info with { Size = header.Parts.Sum(static part => part.Size) } };
            forged.WriteTo(path);
            using var file = OpenFile.Open(_folders, one.Manifest);
            try
            {
                ObjectUnlock.Open(new ObjectName(Bucket, "one"), Proxy.Embedded.Rows.ObjectRow.Of(one.Manifest, forged.Header) with
                {
                    PartCount = 3,
                }, file, KeyOf(way)).Dispose();
                return true;
            }
            catch (Exception failure) when (failure is InvalidDataException or WrongKeyException)
            {
                return false;
            }
        }
    }

    /// <summary>A plain file where the object is encrypted, and the other way round.</summary>
    [Fact]
    public async Task Encrypted_and_plain_files_are_not_taken_for_each_other()
    {
        var id = await PutAsync("key", Bytes(1000));
        await _bench.PutAsync("plain", Bytes(1000, 2));
        var plain = (await _bench.Store.Objects.FindAsync(Bucket, "plain"))!.File;
        var encrypted = File.ReadAllBytes(_folders.PathOf(id));

        await _bench.ReopenAsync(() =>
        {
            File.Copy(_folders.PathOf(plain), _folders.PathOf(id), overwrite: true);
            File.WriteAllBytes(_folders.PathOf(plain), encrypted);
        });
        Assert.Equal("InternalError", await _bench.FailAsync(S3Operation.GetObject, "key"));
        Assert.Equal("InternalError", await _bench.FailAsync(S3Operation.GetObject, "plain"));
        Assert.Equal("InternalError", await _bench.FailAsync(S3Operation.GetObject, "plain", null, "", ("Range", "bytes=0-1")));
    }

    private static WrappingKey KeyOf(string way) => way switch
    {
        "s3" => Master,
        "kms" => Keys.Named("first")!,
        _ => new WrappingKey(KeyKind.Customer, "", Secret(1)),
    };

    private async Task<FileId> PutAsync(string key, byte[] bytes)
    {
        await _bench.PutAsync(key, bytes, Write("s3"));
        return (await _bench.Store.Objects.FindAsync(Bucket, key))!.File;
    }

    private async Task<byte[]?> TryReadAsync(FileId id, string? key = null)
    {
        try
        {
            return await Forgery.ReadAsync(_folders, id, Master, key is null ? null : new ObjectName(Bucket, key));
        }
        catch (Exception failure) when (failure is InvalidDataException or WrongKeyException)
        {
            return null;
        }
    }

    private async Task<(FileId Manifest, IReadOnlyList<StoredPart> Parts)> UploadAsync(string way, string key)
    {
        var id = Text(await _bench.SendAsync(S3Operation.CreateMultipartUpload, key, null, "uploads", Write(way)), "UploadId");
        var tags = new List<string>();
        for (var number = 1; number <= 3; number++)
        {
            var part = await _bench.SendAsync(
                S3Operation.UploadPart, key, new BytesBody(Bytes(2000, number)), $"uploadId={id}&partNumber={number}", Read(way));
            tags.Add(part.Headers.ETag.ToString());
        }

        await _bench.SendAsync(S3Operation.CompleteMultipartUpload, key, MultipartTests.Named([.. tags]), MultipartTests.Id(id));
        var row = await _bench.Store.Objects.FindAsync(Bucket, key);
        return (row!.File, FileHeader.ReadFrom(_folders.PathOf(row.File)).Parts);
    }
}
