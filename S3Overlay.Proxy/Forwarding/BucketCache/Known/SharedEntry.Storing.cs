using System.Collections.ObjectModel;

using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Writing;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Known;

/// <content>Its chunks on their way to the store, and what is known of those there.</content>
internal sealed partial class SharedEntry
{
    /// <summary>Marks a chunk as being uploaded: a complete one, or one whose blocks have waited.</summary>
    /// <returns>False if it is already, if it is not spooled, or if its blocks were stored since.</returns>
    public bool TryBeginUpload(ChunkDue due)
    {
        lock (_lock)
        {
            if (due.Ticket is { } ticket && !(_waiting.TryGetValue(due.Chunk, out var last) && last == ticket))
            {
                return false;
            }

            // What comes during the upload waits anew, or is looked for at its end.
            _waiting.Remove(due.Chunk);
            if (_chunks.InSpool(due.Chunk) is null || (due.Ticket is not null && (_isEvicted || !_chunks.HasNew(due.Chunk)))
                || !_uploading.Add(due.Chunk))
            {
                return false;
            }

            _refused.Remove(due.Chunk);
            return true;
        }
    }

    /// <summary>A chunk was uploaded: frees its spool space, except for what came since.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="fill">For which fill.</param>
    /// <param name="blocks">What the store has of it.</param>
    /// <param name="due">What is to be stored since; null for nothing.</param>
    /// <returns>False if it was uploaded for another fill and must be uploaded again.</returns>
    public bool MarkStored(int chunk, Guid fill, ChunkBlocks blocks, out ChunkDue? due)
    {
        lock (_lock)
        {
            due = null;
            if (_record.Fill != fill)
            {
                return false;
            }

            SetInStore(chunk, blocks);
            if (IsManifest)
            {
                Flush.MarkChanged();
            }

            _uploading.Remove(chunk);
            due = Due(chunk);
            if (blocks.IsWhole || (due is null && !_waiting.ContainsKey(chunk)
                && _chunks.InSpool(chunk) is { Writes: 0, HasPieces: false }))
            {
                Free(chunk);
            }

            Changed();
            return true;
        }
    }

    /// <summary>The store turned out to have other blocks of a chunk than was known.</summary>
    public void Learn(int chunk, Guid fill, ChunkBlocks blocks)
    {
        lock (_lock)
        {
            if (_record.Fill == fill)
            {
                SetInStore(chunk, blocks);
            }
        }
    }

    /// <summary>An upload was not needed: the entry was evicted. Spooled bytes stay for their readers.</summary>
    public void EndUpload(int chunk)
    {
        lock (_lock)
        {
            _uploading.Remove(chunk);
        }
    }

    /// <summary>
    /// A chunk could not be uploaded. A whole entry stays spooled for its readers; a chunk does not, since many would fill the spool.
    /// </summary>
    /// <returns>True if this is the entry's first failure, to be logged.</returns>
    public bool UploadFailed(int chunk)
    {
        lock (_lock)
        {
            if (IsManifest)
            {
                Free(chunk);
            }
            else
            {
                _uploading.Remove(chunk);
                _refused.Add(chunk);
            }

            Changed();
            return FailureIsNew();
        }
    }

    /// <summary>True for the entry's first failure, to be logged.</summary>
    public bool FailureIsNew()
    {
        lock (_lock)
        {
            var isNew = !_hasToldFailure;
            _hasToldFailure = true;
            return isNew;
        }
    }

    /// <summary>A chunk of a fill is missing in the store or damaged, or the store failed to deliver it.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="fill">For which fill.</param>
    /// <param name="isUndelivered">True if the store only failed to deliver it: see <see cref="RetryUndelivered"/>.</param>
    public void Lose(int chunk, Guid fill, bool isUndelivered = false)
    {
        lock (_lock)
        {
            if (_record.Fill == fill && _chunks.InStore(chunk) is { } stored)
            {
                _chunks.SetInStore(chunk, null);
                var wasLost = !_lost.Add(chunk);
                if (isUndelivered)
                {
                    _undelivered[chunk] = (stored, wasLost);
                }
            }
        }
    }

    /// <summary>
    /// At the next lookup, what the store failed to deliver counts as stored again. Not at once: those who wait for the remote would ask
    /// the failing store again and again.
    /// </summary>
    public void RetryUndelivered()
    {
        lock (_lock)
        {
            _retries = _undelivered.Count > 0;
        }
    }

    /// <summary>A lookup begins: counts what <see cref="RetryUndelivered"/> named as stored again.</summary>
    public void CountUndelivered()
    {
        if (!_retries)
        {
            return;
        }

        lock (_lock)
        {
            _retries = false;

            // What a fill has begun to bring goes on.
            foreach (var (chunk, (blocks, wasLost)) in _undelivered.Where(each => _chunks.InSpool(each.Key) is null).ToList())
            {
                _undelivered.Remove(chunk);
                _chunks.SetInStore(chunk, blocks);
                if (!wasLost)
                {
                    _lost.Remove(chunk);
                }
            }
        }
    }

    /// <summary>True if a chunk was found missing or damaged in the store, or could not be read there.</summary>
    public bool IsLost(int chunk)
    {
        lock (_lock)
        {
            return _lost.Contains(chunk);
        }
    }

    /// <summary>A stored chunk could not be read, to be written again. True if it could not the last time either.</summary>
    public bool IsUnreadable(int chunk)
    {
        lock (_lock)
        {
            return !_unreadable.Add(chunk);
        }
    }

    /// <summary>Frees incomplete chunks whose blocks do not wait to be stored: their fill has no users that could complete them.</summary>
    public void FreeUnfinished()
    {
        lock (_lock)
        {
            if (_isEvicted)
            {
                _waiting.Clear();
            }

            if (_chunks.Spooled.Count == _waiting.Count + _uploading.Count(chunk => !_waiting.ContainsKey(chunk)))
            {
                return;
            }

            foreach (var chunk in _chunks.Spooled.Where(chunk => !_uploading.Contains(chunk) && !_waiting.ContainsKey(chunk)).ToList())
            {
                Free(chunk);
            }
        }
    }

    /// <summary>Nothing more is stored of it. What is in the spool stays for its readers.</summary>
    public void StopWaiting()
    {
        lock (_lock)
        {
            _waiting.Clear();
            _refused.UnionWith(_chunks.Spooled);
            Changed();
        }
    }

    /// <summary>Waits until the store has each chunk that is complete now, or has refused it.</summary>
    /// <returns>False if the entry was evicted, or if a chunk that stays in the spool was refused.</returns>
    public async ValueTask<bool> WhenStoredAsync(CancellationToken cancellationToken)
    {
        List<int>? awaited = null;
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                awaited = [.. (awaited ?? _chunks.Spooled).Where(IsToBeStored)];
                if (_isEvicted || awaited.TrueForAll(_refused.Contains))
                {
                    return !_isEvicted && awaited.Count == 0;
                }

                changed = (_changed ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await changed.WaitAsync(cancellationToken);
        }

        bool IsToBeStored(int chunk) =>
            _chunks.InSpool(chunk) is not null && _chunks.IsComplete(chunk) && _chunks.InStore(chunk) is not { IsWhole: true };
    }

    /// <summary>The manifest to write, merged with what another process wrote.</summary>
    public EntryManifest Manifest(EntryManifest? theirs)
    {
        lock (_lock)
        {
            if (theirs is not null)
            {
                _record = _record.With(theirs.Record);
            }

            // What could not be read stays named, though it is not known: else the first block of it that comes would replace the chunk.
            List<int> unread = [.. _lost.Where(chunk => _chunks.InStore(chunk) is null)];
            for (var chunk = theirs?.Chunks.NextCached(0) ?? Layout.Count; chunk < Layout.Count; chunk = theirs!.Chunks
                .NextCached(chunk + 1))
            {
                Merge(chunk, ChunkBlocks.Whole(Layout.BytesOf(chunk).Length));
            }

            foreach (var (chunk, blocks) in theirs?.Parts ?? ReadOnlyDictionary<int, ChunkBlocks>.Empty)
            {
                Merge(chunk, blocks);
            }

            foreach (var (chunk, (blocks, _)) in _undelivered)
            {
                _chunks.SetInStore(chunk, _chunks.InStore(chunk) ?? blocks);
            }

            Flush.Begun();
            var merged = _chunks.Manifest(_record);
            unread.ForEach(chunk => _chunks.SetInStore(chunk, null));
            return merged;
        }

        // Each process adds to the blocks that it finds, so the one that wrote last has them all. Who reads finds out.
        void Merge(int chunk, ChunkBlocks blocks)
        {
            var known = _chunks.InStore(chunk);
            if (known is null || !_lost.Contains(chunk))
            {
                _chunks.SetInStore(chunk, known?.With(blocks) ?? blocks);
            }
        }
    }

    /// <summary>Continues with another process's fill of the same version.</summary>
    /// <returns>The previous fill, whose chunks no manifest will name.</returns>
    public Guid Adopt(EntryManifest theirs)
    {
        lock (_lock)
        {
            var mine = _record.Fill;
            _record = _record with { Fill = theirs.Record.Fill };
            _chunks.SetInStore(theirs);
            _lost.Clear();
            _unreadable.Clear();
            _undelivered.Clear();
            return mine;
        }
    }

    /// <summary>What is to be stored of a chunk, and was not told before; null for nothing. The caller holds the lock.</summary>
    private ChunkDue? Due(int chunk)
    {
        var isComplete = _chunks.IsComplete(chunk);
        if ((!isComplete && (!Layout.KeepsParts || _isEvicted || _waiting.ContainsKey(chunk))) || !_chunks.HasNew(chunk))
        {
            return null;
        }

        if (isComplete)
        {
            return new ChunkDue(chunk, null);
        }

        _waiting.Add(chunk, ++_tickets);
        return new ChunkDue(chunk, _tickets);
    }

    /// <summary>Notes what the store has of a chunk. The caller holds the lock.</summary>
    private void SetInStore(int chunk, ChunkBlocks blocks)
    {
        _unreadable.Remove(chunk);
        _undelivered.Remove(chunk);
        if (blocks.IsWhole)
        {
            _lost.Remove(chunk);
        }
        else if (_chunks.InStore(chunk) is { } known && !known.With(blocks).IsSame(blocks))
        {
            // The manifest names more still.
            _lost.Add(chunk);
        }

        _chunks.SetInStore(chunk, blocks);
    }

    private void Free(int chunk)
    {
        _uploading.Remove(chunk);
        _waiting.Remove(chunk);
        _refused.Remove(chunk);
        _chunks.Free(chunk);
        Changed();
    }

    /// <summary>A block in the spool is damaged, so its chunk cannot be stored as it is.</summary>
    private void SpoolDamaged(int chunk)
    {
        lock (_lock)
        {
            _refused.Add(chunk);
            Changed();
        }
    }

    /// <summary>Wakes those who wait for the store. The caller holds the lock.</summary>
    private void Changed()
    {
        _changed?.TrySetResult();
        _changed = null;
    }
}
