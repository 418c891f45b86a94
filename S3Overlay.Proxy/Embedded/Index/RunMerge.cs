using System.Collections.Immutable;

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>The entries of several runs as one; for a key in several, the newest wins.</summary>
internal static class RunMerge
{
    /// <summary>
    /// <paramref name="runs"/> are newest first. With <paramref name="dropDeletions"/>, deletions are left out: nothing beneath has to be
    /// hidden.
    /// </summary>
    public static IEnumerable<KeyValuePair<byte[], byte[]?>> Entries(ImmutableArray<SortedRun> runs, bool dropDeletions)
    {
        var cursors = new PriorityQueue<RunCursor, (byte[] Key, int Age)>(Comparer<(byte[] Key, int Age)>.Create(
            static (l, r) => l.Key.AsSpan().SequenceCompareTo(r.Key) is not 0 and var byKey ? byKey : l.Age - r.Age));
        for (var age = 0; age < runs.Length; age++)
        {
            var cursor = new RunCursor(runs[age]);
            cursor.Seek([]);
            Enqueue(cursor, age);
        }

        byte[]? last = null;
        while (cursors.TryDequeue(out var cursor, out var at))
        {
            if (last is null || !last.AsSpan().SequenceEqual(at.Key))
            {
                last = at.Key;
                if (!cursor.IsDeleted)
                {
                    yield return new(at.Key, cursor.Value.ToArray());
                }
                else if (!dropDeletions)
                {
                    yield return new(at.Key, null);
                }
            }

            cursor.Next();
            Enqueue(cursor, at.Age);
        }

        void Enqueue(RunCursor cursor, int age)
        {
            if (cursor.IsValid)
            {
                cursors.Enqueue(cursor, (cursor.Key.ToArray(), age));
            }
        }
    }
}
