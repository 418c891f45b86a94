using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model;

/// <summary>What happens to the remote of a scene.</summary>
internal sealed partial class ModelScene
{
    /// <summary>Puts an object at the remote, behind the proxy's back.</summary>
    public void PutRemote(ModelBucket bucket, string key, ObjectVersion version)
    {
        if (ObjectKeys.IsTooLong(bucket.RemoteKey(key)))
        {
            return;
        }

        var item = new ScriptedObject(version.Bytes, version.ETag, DateTimeOffset.UtcNow, [(ObjectVersion.MetaHeader, version.Meta)])
        {
            PartSize = version.Parts.Select(part => part.Length).FirstOrDefault(), IsItsFirstPart = version.Parts.Count == 0,
            Parts = version.Parts,
        };
        _remote.Put(bucket.RemoteName, bucket.RemoteKey(key), item);
        bucket.Remote[key] = version;
    }

    /// <summary>Deletes one there.</summary>
    public void RemoveRemote(ModelBucket bucket, string key)
    {
        _remote.Remove(bucket.RemoteName, bucket.RemoteKey(key));
        bucket.Remote.Remove(key);
    }

    /// <summary>Ends the remote's trouble, or lets requests fail from now on.</summary>
    /// <param name="failures">How many of its requests fail, in addition to other trouble. Null if nothing else is wrong.</param>
    public Task MendRemoteOrFailAsync(int? failures)
    {
        if (failures is not { } count)
        {
            return MendAsync();
        }

        if (count > 0)
        {
            Trouble.FailNext(count);
        }

        NoteTrouble();
        return Task.CompletedTask;
    }

    private void NoteTrouble() => LastTrouble = Trouble.IsOn ? Now : LastTrouble;

    /// <summary>Ends all trouble, and waits until every proxy knows.</summary>
    public Task MendAsync()
    {
        NoteTrouble();
        Trouble.End();
        return _proxies.ForEachAsync(async () =>
        {
            // The recovery of one bucket says nothing about another.
            for (var (at, seconds) = (0, 0); at < Buckets.Count;)
            {
                var told = await this.CallAsync("GET", "explain", ("bucket", Buckets[at].Name), ("key", "is-it-there"));
                if (told.GetProperty("remote").GetProperty("found").GetString() != "failed")
                {
                    at++;
                    continue;
                }

                Expect.That(++seconds < 60, $"The remote is back for a minute, and still not asked: {told}");
                _clock.Advance(TimeSpan.FromSeconds(1));
            }
        });
    }
}
