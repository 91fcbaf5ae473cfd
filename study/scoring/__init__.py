"""``study data score``: how well image and caption of each pair match, by models that are not trained here.

``request``, ``files``, ``share`` and ``start`` load no torch: who is asked starts other processes and tells of them.
"""
